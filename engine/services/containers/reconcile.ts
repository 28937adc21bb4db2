import { readdir, rm } from 'node:fs/promises';
import type { KeyedLock } from '../../base/keyed-lock.ts';
import type { Log } from '../../base/log.ts';
import { bootId } from '../../base/process-identity.ts';
import type { NetworkProvider } from '../../drivers/network/network-provider.ts';
import type { Runtime, RuntimeState } from '../../drivers/oci/runtime.ts';
import type { BringUp } from './bring-up.ts';
import type { ContainerCgroups } from './container-cgroups.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStore } from './container-store.ts';
import { networkRequest } from './host-options.ts';
import type { Lifecycle } from './lifecycle.ts';
import { type Restarts, startsWithEngine } from './restart-policy.ts';
import { hasProcess, isLive } from './state-machine.ts';
import type { Supervisor } from './supervisor.ts';

export interface ReconcileDependencies {
  store: ContainerStore;
  lock: KeyedLock;
  network: NetworkProvider;
  cgroups: ContainerCgroups;
  site: BringUp;
  lifecycle: Lifecycle;
  supervisor: Supervisor;
  restarts: Restarts;
  paths: ContainerPaths;
  runtimeOf(record: ContainerRecord): Runtime;
  log: Log;
}

/** Exit code of a container whose end nobody saw: the machine went down with it. */
const unknownExitCode = 255;

/**
 * After a start of the engine: what is remembered against what is there. Running containers are taken up again, ended
 * ones get their exit, half-made and half-removed ones are cleaned, and what belongs to no container goes.
 * A container that fails here is told in the log and does not keep the others waiting.
 */
export async function reconcile(dependencies: ReconcileDependencies): Promise<void> {
  const { store, lock, log, paths, network, supervisor, restarts } = dependencies;
  const traces = new Set([...(await namesIn(paths.allBundles)), ...(await network.list())]);
  const ended = new Set<string>();
  await Promise.all(
    store
      .all()
      .map((record) =>
        lock
          .run(record.id, () => reconcileOne(dependencies, record, { hasTraces: traces.has(record.id), ended }))
          .catch((error) => log.error('a container could not be taken up again', { id: record.id, error })),
      ),
  );
  // The exit of what ended meanwhile is recorded before anybody can ask.
  await Promise.allSettled([...ended].map((id) => supervisor.ended(id)));
  await removeLeftovers(dependencies);
  for (const record of store.all()) if (startsWithEngine(record)) restarts.plan(record.id, 0);
}

async function reconcileOne(
  dependencies: ReconcileDependencies,
  record: ContainerRecord,
  { hasTraces, ended }: { hasTraces: boolean; ended: Set<string> },
): Promise<void> {
  const { store, lifecycle, supervisor, restarts, site, log } = dependencies;
  const { id, state, status, fixed } = record;
  if (hasProcess(state)) {
    const found = status.bootId === bootId() ? await stateOf(dependencies, record) : 'absent';
    if (found === 'absent') {
      return lifecycle.onExit(id, { exitCode: unknownExitCode, finishedAt: new Date(), oomKilled: false });
    }
    if (found !== 'stopped') {
      log.info('a container goes on', { id, state: found });
      await attachAgain(dependencies, record);
    }
    // it was paused or let go a moment before the engine ended, and nobody was told
    if (found === 'paused' && status.pausedBy) {
      dependencies.cgroups.of(id).thaw();
      store.change(id, { state: 'running', status: { pausedBy: undefined } }, { action: 'unpause' });
    } else if ((found === 'running' || found === 'paused') && found !== state) store.change(id, { state: found });
    supervisor.watch(id);
    if (found === 'stopped') ended.add(id);
    return;
  }
  const endedAutoRemove = fixed.hostConfig.autoRemove && status.startedAt !== undefined;
  if (state === 'removing' || endedAutoRemove) return lifecycle.discard(record);
  // Its start was under way when the engine ended, and nobody was told that it runs.
  if (hasTraces) {
    // or the kernel refuses its root filesystem, which is marked as mounted
    if (site.isOfThisBoot(id)) store.change(id, { status: { bootId: bootId() } });
    await site.takeDown(id);
  }
  if (state === 'restarting') restarts.plan(id, 0);
}

/** By its runtime. One that cannot tell leaves it at what is remembered: the container is watched, and its end is seen. */
async function stateOf({ runtimeOf, log }: ReconcileDependencies, record: ContainerRecord): Promise<RuntimeState> {
  const { id, state } = record;
  try {
    return await runtimeOf(record).state(id);
  } catch (error) {
    log.error('the runtime does not tell the state of a container', { id, error });
    return state === 'paused' ? 'paused' : 'running';
  }
}

/** What of its network was taken away while no engine ran, by hand or by a firewall's restart, is put back. */
async function attachAgain({ network, log }: ReconcileDependencies, { id, fixed }: ContainerRecord): Promise<void> {
  try {
    const asked = networkRequest(fixed.config, fixed.hostConfig);
    if (asked) await network.attach(id, asked);
  } catch (error) {
    log.error('the network of a container could not be made again', { id, error });
  }
}

async function removeLeftovers(dependencies: ReconcileDependencies): Promise<void> {
  const { store, network, cgroups, site, paths, log } = dependencies;
  const unknown = (id: string) => store.find(id) === undefined;
  const each = async (what: string, ids: readonly string[], remove: (id: string) => Promise<void>) => {
    for (const id of ids.filter(unknown)) {
      log.info('removing what belongs to no container', { what, id });
      await remove(id).catch((error) => log.error('could not be removed', { what, id, error }));
    }
  };
  await each('bundle', await namesIn(paths.allBundles), site.takeDown);
  await each('network namespace', await network.list(), (id) => network.detach(id));
  for (const id of cgroups.list()) {
    const record = store.find(id);
    if (!record || !isLive(record.state)) cgroups.remove(id);
  }
  await each('files', await namesIn(paths.allDirectories), (id) =>
    rm(paths.directory(id), { recursive: true, force: true }),
  );
}

async function namesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name));
}
