// Side by side: our engine, dockerd and podman in interleaved rounds, in one network namespace of their own.
//   BELUGA_BENCH_DOCKERD=<unpacked packages> node bench/bench.ts run|exec|start|logs|idle|list|stats|crowd|health|app|pull|build [--rounds N] [--no-write]
// `npm run bench -- …` prepares that and is the way to call it.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '../engine/base/errors.ts';
import { sampleArchive } from '../test/sample.ts';
import { measureApp } from './app.ts';
import { openBeluga } from './beluga.ts';
import { measureBuild } from './build.ts';
import { measureCrowd } from './crowd.ts';
import { openDockerd } from './dockerd.ts';
import type { Engine, EngineParts } from './engine.ts';
import { measureExec } from './exec.ts';
import { table, withSection } from './figures.ts';
import { measureHealth } from './health.ts';
import { measureIdle } from './idle.ts';
import { measureList } from './list.ts';
import { measureLogs } from './logs.ts';
import type { Conditions, Measure, Opener } from './measure.ts';
import { openPodman } from './podman.ts';
import { outputOf } from './processes.ts';
import { measurePull } from './pull.ts';
import { measureRun } from './run.ts';
import { measureStart } from './start.ts';
import { measureStats } from './stats.ts';

const repo = path.resolve(fileURLToPath(new URL('..', import.meta.url)));
const document = path.join(repo, 'docs/benchmarks.md');
const measures = {
  ...{ run: measureRun, exec: measureExec, start: measureStart, logs: measureLogs, idle: measureIdle },
  ...{ list: measureList, stats: measureStats, crowd: measureCrowd, health: measureHealth },
  app: measureApp,
  pull: measurePull,
  build: measureBuild,
};
const intro = `# Benchmarks

Written by \`npm run bench -- run|exec|start|logs|idle|list|stats|crowd|health|app|pull|build\`. Figures depend on the machine and what else it does: the engines take turns
within each round, so trust the ratios. dockerd is Debian's, with a data root and a socket of its own; Beluga and dockerd are
asked by the same client over Docker's API; podman has no daemon and is measured by its command line. A row without figures says
what the engine answered.
`;

const isMeasure = (name: string | undefined): name is keyof typeof measures =>
  name !== undefined && Object.hasOwn(measures, name);

function machine(): string {
  const cpu = os.cpus();
  const memory = (os.totalmem() / 2 ** 30).toFixed(0);
  const cgroups = existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'v2' : 'v1';
  const load = os.loadavg()[0]?.toFixed(1);
  const distribution = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? os.platform();
  return `${cpu.length} × ${cpu[0]?.model.trim()}, ${memory} GiB, ${distribution}, Linux ${os.release()}, cgroup ${cgroups}, load ${load} before`;
}

/** The packages that the step unpacked. */
function programsOf(name: string): string {
  const programs = process.env[name];
  if (!programs) throw new Error(`${name} is not set: use npm run bench`);
  return programs;
}

function openersBelow(root: string): Conditions['open'] {
  const archive = sampleArchive();
  const parts = (folder: string): EngineParts => ({
    root: path.join(root, folder),
    archive,
    cgroup: `beluga-bench-${process.pid}-${folder}`,
  });
  const dockerd = (name: string) => async (folder: string) =>
    openDockerd({ ...parts(folder), programs: programsOf(name) });
  return {
    beluga: (folder) => openBeluga(parts(folder)),
    dockerd: dockerd('BELUGA_BENCH_DOCKERD'),
    dockerdZstd: dockerd('BELUGA_BENCH_DOCKERD_ZSTD'),
    podman: (folder) => openPodman(parts(folder)),
  };
}

/** The same, telling of each engine that was opened. */
function remembering(open: Conditions['open'], opened: (engine: Engine) => void): Conditions['open'] {
  const telling = (opener: Opener) => async (folder: string) => {
    const engine = await opener(folder);
    opened(engine);
    return engine;
  };
  const { beluga, dockerd, dockerdZstd, podman } = open;
  return {
    beluga: telling(beluga),
    dockerd: telling(dockerd),
    dockerdZstd: telling(dockerdZstd),
    podman: telling(podman),
  };
}

/** Opens the engines below `root`, and in the end closes them and deletes it, whatever happens between. */
async function withEngines<T>(
  { root, opens, open }: { root: string; opens: Measure['opens']; open: Conditions['open'] },
  work: (engines: readonly Engine[]) => Promise<T>,
): Promise<T> {
  const engines: Engine[] = [];
  try {
    if (opens !== 'own') engines.push(await open.beluga('beluga'));
    if (!opens) engines.push(await open.dockerd('dockerd'), await open.podman('podman'));
    return await work(engines);
  } finally {
    const closed = await Promise.allSettled(engines.map((engine) => engine.close()));
    const failures = closed.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    for (const failure of failures) console.error(failure);
    if (failures.length > 0) console.error(`not everything could be ended and deleted: see ${root}`);
    else rmSync(root, { recursive: true });
  }
}

function refuse(why: string): never {
  console.error(`${why}\nnpm run bench -- ${Object.keys(measures).join('|')} [--rounds N] [--no-write]`);
  process.exit(2);
}

function choice() {
  try {
    const options = { rounds: { type: 'string' }, 'no-write': { type: 'boolean' } } as const;
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    return refuse(messageOf(error));
  }
}

const { values, positionals } = choice();
const [name] = positionals;
if (!isMeasure(name)) refuse(`say what to measure${name === undefined ? '' : `, not ${name}`}`);
const measure: Measure = measures[name];
const rounds = Number(values.rounds ?? measure.rounds);
if (!Number.isInteger(rounds) || rounds < 1) refuse(`--rounds takes a whole number from 1 on, not ${values.rounds}`);
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort());

await outputOf('ip', 'link', 'set', 'lo', 'up');
const host = machine();
const root = mkdtempSync(path.join(os.tmpdir(), 'beluga-bench-'));
const openers = openersBelow(root);
const body = await withEngines({ root, opens: measure.opens, open: openers }, async (engines) => {
  const versionsSeen = new Set(engines.map(({ version }) => version));
  const rows = await measure.measure(engines, {
    ...{ rounds, root, signal: stopped.signal },
    open: remembering(openers, ({ version }) => void versionsSeen.add(version)),
  });
  const versions = [...versionsSeen].join('; ');
  const day = new Date().toISOString().slice(0, 10);
  return `${measure.words} ${rounds} rounds, ${day}.\n\n${table(rows, 'dockerd', measure.unit)}\n\nMachine: ${host}.\nVersions: ${versions}.`;
});
console.log(body);
if (!values['no-write']) {
  const before = existsSync(document) ? readFileSync(document, 'utf8') : intro;
  mkdirSync(path.dirname(document), { recursive: true });
  writeFileSync(document, withSection(before, name, body));
}
