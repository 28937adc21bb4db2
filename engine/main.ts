/**
 * The engine's process: one Docker Engine API on unix sockets. Started by `cli/launcher.ts`, which puts it into its mount
 * namespace. Prints one line on stdout when it is ready; its log goes to stderr, one JSON object a line, and the last
 * line of an engine that could not go on has level `fatal`.
 */
import { rm } from 'node:fs/promises';
import { writeFileAtomically } from './base/atomic-file.ts';
import { createLog } from './base/log.ts';
import { lockDataRoot } from './cli/data-root-lock.ts';
import { type EngineOptions, parseEngineOptions } from './cli/engine-options.ts';
import { reportFatal } from './cli/fatal.ts';
import { isHostShuttingDown } from './cli/host-shutdown.ts';
import { createReloader, type Reloader } from './cli/reload-configuration.ts';
import { openEngine } from './engine.ts';
import { listenForMetrics, type MetricsServer } from './http/metrics-server.ts';
import { createDockerApi } from './http/server.ts';
import { damagedOr } from './storage/records/records.ts';

// Modes are given where files are made. Before the first worker starts, for a worker's umask is the process's.
process.umask(0);

/** Runs until a signal; containers go on, or are stopped where that was asked for and where the machine goes down. */
async function main(options: EngineOptions): Promise<void> {
  const level = options.debug ? 'debug' : options.logLevel;
  const log = createLog({ level, write: (line) => process.stderr.write(line) });
  const stopping = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
  let reloader: Reloader | undefined;
  process.on('SIGHUP', () => reloadBySignal(reloader));
  // Held to the end of the process: the kernel frees it.
  lockDataRoot(options.dataRoot);
  const engine = await openEngine(options, log).catch((error) => {
    throw damagedOr(error, options.dataRoot);
  });
  reloader = createReloader({ options, system: engine.system, log });
  const { current, reload } = reloader;
  const api = createDockerApi({ ...engine, reload, log });
  let metrics: MetricsServer | undefined;
  try {
    if (options.metricsAddress) metrics = await listenForMetrics({ ...engine, log }, options.metricsAddress);
    for (const host of options.hosts) {
      const owner = options.socketOwner;
      await api.listen({ path: host.slice('unix://'.length), mode: 0o600, ...(owner !== undefined && { owner }) });
    }
    if (options.pidFile) await writeFileAtomically(options.pidFile, `${process.pid}\n`, { mode: 0o644 });
    process.stdout.write(`beluga engine ready ${options.hosts.join(' ')} pid ${process.pid}\n`);
    log.info('ready', { hosts: options.hosts, pid: process.pid });
    const signal = await stopping;
    const { liveRestore, shutdownTimeoutSeconds } = current();
    const goOn = liveRestore && !(await isHostShuttingDown());
    log.info(goOn ? 'ending, containers go on' : 'ending, containers are stopped', { signal });
    await metrics?.close();
    await api.close();
    if (!goOn) await engine.stopContainers(shutdownTimeoutSeconds);
  } finally {
    await metrics?.close();
    await api.close();
    await engine.close();
    if (options.pidFile) await rm(options.pidFile, { force: true });
  }
}

function reloadBySignal(reloader: Reloader | undefined): void {
  // told in the log
  reloader?.reload().catch(() => {});
}

process.on('uncaughtException', (error) => {
  reportFatal(error);
  process.exit(1);
});
try {
  await main(parseEngineOptions(process.argv.slice(2)));
  process.exit(0);
} catch (error) {
  reportFatal(error);
  process.exit(1);
}
