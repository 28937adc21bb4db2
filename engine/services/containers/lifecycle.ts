import { rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { diskFullOr } from '../../base/disk-full.ts';
import { EngineError, toEngineError } from '../../base/errors.ts';
import type { KeyedLock } from '../../base/keyed-lock.ts';
import type { Log } from '../../base/log.ts';
import { bootId } from '../../base/process-identity.ts';
import type { ExitStatus, Runtime } from '../../drivers/oci/runtime.ts';
import { containerSnapshot } from '../../storage/collect/collector.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { AttachQueue } from './attach-queue.ts';
import type { BringUp } from './bring-up.ts';
import type { ContainerCgroups } from './container-cgroups.ts';
import { checkName } from './container-names.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerService } from './container-service.ts';
import type { ContainerStore } from './container-store.ts';
import { createEnder, type Ender, type Ending, isStop } from './end-container.ts';
import type { ExitWaits } from './exit-waits.ts';
import { explainExit } from './explain-exit.ts';
import type { LogKeeper } from './log-keeper.ts';
import type { ContainerMounts } from './mounts/container-mounts.ts';
import { networkEvents } from './network-events.ts';
import { ranFor } from './ran-for.ts';
import { removeLink } from './remove-link.ts';
import { type Restarts, waitsForNextEngine } from './restart-policy.ts';
import { signalNumber } from './signals.ts';
import { inStartOrder } from './start-order.ts';
import { alreadyRemoving, hasProcess, isLive, markedForRemoval, nextState } from './state-machine.ts';
import type { Supervisor } from './supervisor.ts';

export interface LifecycleDependencies {
  store: ContainerStore;
  lock: KeyedLock;
  waits: ExitWaits;
  attachments: AttachQueue;
  snapshots: Snapshotter;
  site: BringUp;
  paths: ContainerPaths;
  mounts: ContainerMounts;
  runtimeOf(record: ContainerRecord): Runtime;
  supervisor(): Supervisor;
  restarts: Restarts;
  cgroups: ContainerCgroups;
  logs: Pick<LogKeeper, 'forget'>;
  /** Ends what writes to its files from outside. */
  releaseFiles(id: string): Promise<void>;
  log: Log;
}

/** What changes a container's state. The exit and the removal run under the lock that their caller holds. */
export interface Lifecycle extends Pick<ContainerService, 'start' | 'stop' | 'restart' | 'kill' | 'rename' | 'remove'> {
  onExit(id: string, exit: ExitStatus): Promise<void>;
  /** Starts what waits for it, by its restart policy; a failure is told in the log and in the record. */
  startAgain(id: string): Promise<void>;
  /** Stops it because the engine ends: neither by hand nor for ever. */
  shutDown(id: string): Promise<void>;
  /** Removes everything of a container that does not run. */
  discard(record: ContainerRecord): Promise<void>;
}

export function createLifecycle(dependencies: LifecycleDependencies): Lifecycle {
  const { store, lock, supervisor } = dependencies;
  const ender = createEnder(dependencies);
  /** Being removed on request: nobody starts them any more, and nobody else removes them. */
  const going = new Set<string>();
  const begin = async (record: ContainerRecord, by: 'start' | 'restart') => {
    if (going.has(record.id)) throw markedForRemoval();
    await startContainer(dependencies, record, by);
  };

  return {
    async start(name) {
      const { id } = store.resolve(name);
      await lock.run(id, async () => begin(store.resolve(id), 'start'));
    },
    async stop(name, options = {}) {
      await ender.end(store.resolve(name), options, 'stop');
    },
    async restart(name, options = {}) {
      const { id, state } = store.resolve(name);
      if (isLive(state)) await ender.end(store.resolve(id), options, 'restart');
      await lock.run(id, async () => {
        const now = store.resolve(id);
        // somebody else's start or restart was first
        if (!hasProcess(now.state)) await begin(now, 'start');
      });
      store.tell(id, { action: 'restart' });
    },
    async kill(name, asked = 'SIGKILL') {
      const { id, number } = told(`cannot kill container: ${name}`, () => ({
        id: store.resolve(name).id,
        number: signalNumber(asked),
      }));
      const ended = supervisor().ended(id);
      await ender.signal(id, number);
      if (number === constants.signals.SIGKILL) await ended;
    },
    rename: async (name, newName) => {
      const { id } = store.resolve(name);
      await lock.run(id, async () => renameContainer(store, id, newName));
    },
    async remove(name, { force = false, volumes = false, link = false } = {}) {
      if (link) return removeLink(dependencies, name);
      const record = store.resolve(name);
      const { id } = record;
      nextState(record, force ? 'force-remove' : 'remove');
      if (going.has(id)) throw alreadyRemoving(record);
      going.add(id);
      try {
        while (!(await removeOnce(dependencies, ender, { id, force, volumes })));
      } finally {
        going.delete(id);
      }
    },
    shutDown: (id) => ender.end(store.resolve(id), {}, 'shutdown'),
    discard: (record) => discard(dependencies, record),
    onExit: (id, exit) => recordExit(dependencies, id, exit, ender.endingOf(id)),
    startAgain: inStartOrder({
      find: store.find,
      later: dependencies.restarts.plan,
      start: (id) =>
        lock
          .run(id, async () => {
            const record = store.find(id);
            if (record?.state === 'restarting') await begin(record, 'restart');
            if (record?.state === 'exited') await begin(record, 'start');
          })
          .catch((error) => dependencies.log.warn('a container could not be started again', { id, error })),
    }),
  };
}

/** @returns false where a start that was under way came first: it has to be ended */
async function removeOnce(
  dependencies: LifecycleDependencies,
  ender: Ender,
  { id, force, volumes }: { id: string; force: boolean; volumes: boolean },
): Promise<boolean> {
  const { store, lock } = dependencies;
  const before = store.find(id);
  if (before && force && isLive(before.state))
    await ender.end(before, { signal: 'SIGKILL', timeoutSeconds: 0 }, 'remove');
  return lock.run(id, async () => {
    const now = store.find(id);
    // Gone by auto-remove meanwhile: what was asked for has happened.
    if (!now) return true;
    if (force && isLive(now.state)) return false;
    nextState(now, 'remove');
    await discard(dependencies, now, volumes);
    return true;
  });
}

function renameContainer(store: ContainerStore, id: string, newName: string): void {
  const before = store.resolve(id).name;
  if (!newName)
    throw new EngineError('invalid', 'Neither old nor new names may be empty', { reason: 'request.invalid' });
  if (newName.replace(/^\//, '') === before) {
    throw new EngineError('invalid', 'Renaming a container with the same name as its current name');
  }
  told('Error when allocating new name', () => {
    const next = checkName(newName.startsWith('/') ? newName : `/${newName}`);
    store.change(id, { name: next }, { action: 'rename', attributes: { oldName: `/${before}` } });
  });
}

/** A refusal of `work` with what was wanted before its words, as Docker has it. */
function told<T>(wanted: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { code, reason, params, message } = error;
    throw new EngineError(code, `${wanted}: ${message}`, { ...(reason && { reason, params }), cause: error });
  }
}

async function startContainer(
  dependencies: LifecycleDependencies,
  record: ContainerRecord,
  by: 'start' | 'restart',
): Promise<void> {
  const { store, site, attachments, supervisor, restarts, runtimeOf } = dependencies;
  const { id } = record;
  const state = nextState(record, by);
  if (by === 'start') restarts.forget(id);
  try {
    await dependencies.releaseFiles(id);
    const { process, endpoint, appArmorProfile } = await site.bringUp(record);
    const runtime = runtimeOf(record);
    await attachments.connect(id, () => runtime.attach(id));
    // no line of its log is older: clients ask for what was written since then
    const startedAt = Date.now();
    await runtime.start(id);
    const status = { pid: process.pid, process, bootId: bootId(), exitCode: 0, oomKilled: false, startedAt };
    const fresh = { ...status, error: '', failure: undefined };
    const anew = by === 'start' ? { restartCount: 0, stoppedByHand: false, finishedAt: undefined } : {};
    store.change(id, { state, status: { ...fresh, ...anew, endpoint, appArmorProfile } }, { action: 'start' });
    supervisor().watch(id);
    // Who came after the first connect and before the state said so.
    await attachments.connect(id, () => runtime.attach(id));
  } catch (error) {
    const failure = diskFullOr(error);
    await failStart(dependencies, record, failure);
    throw failure;
  }
}

/** The container stays as it was, with the reason of the failure; an auto-remove one goes. */
async function failStart(dependencies: LifecycleDependencies, record: ContainerRecord, cause: unknown): Promise<void> {
  const { store, site, attachments, log } = dependencies;
  const { id, fixed } = record;
  const error = toEngineError(cause);
  // as dockerd: one that ended badly before keeps its code
  const exitCode = startExitCodes[error.reason ?? ''] ?? (record.status.exitCode || 128);
  const left = site.isPluggedIn(id) ? networkEvents(record, 'disconnect') : [];
  const undone = (leftover: unknown) => log.error('a failed start could not be undone', { id, error: leftover });
  await site.takeDown(id).catch(undone);
  try {
    // also where something is left: it is told, and nothing waits for a restart that nobody plans
    const state = record.state === 'restarting' ? 'exited' : record.state;
    const { reason, params } = error;
    const failure = reason ? { reason, params } : undefined;
    const status = { exitCode, error: error.message, failure, pid: 0, process: undefined };
    store.change(id, { state, status }, ...left);
    if (fixed.hostConfig.autoRemove) await discard(dependencies, store.resolve(id));
  } catch (leftover) {
    undone(leftover);
  } finally {
    attachments.drop(id);
  }
}

const startExitCodes: Readonly<Record<string, number>> = {
  'container.command-not-found': 127,
  'container.command-not-executable': 126,
};

async function recordExit(
  dependencies: LifecycleDependencies,
  id: string,
  exit: ExitStatus,
  ending: Ending | undefined,
): Promise<void> {
  const { store, site, waits, restarts, paths, log } = dependencies;
  const before = store.resolve(id);
  const { exitCode, finishedAt, oomKilled } = exit;
  const ranMilliseconds = ranFor(before.status, finishedAt.getTime());
  const delay = ending ? undefined : restarts.delayAfter(before, { exitCode, ranMilliseconds });
  const isKept = ending === 'shutdown' && waitsForNextEngine(before, exitCode);
  const state = delay === undefined && !isKept ? nextState(before, 'exit') : 'restarting';
  const restartCount = (before.status.restartCount ?? 0) + (delay === undefined ? 0 : 1);
  const status = { pid: 0, process: undefined, exitCode, oomKilled, finishedAt: finishedAt.getTime(), restartCount };
  const ranSeconds = Math.round(ranMilliseconds / 1000);
  const record = store.change(
    id,
    { state, status: { ...status, endpoint: undefined } },
    ...(oomKilled ? [{ action: 'oom' }] : []),
    ...networkEvents(before, 'disconnect'),
    { action: 'die', attributes: { exitCode: String(exitCode), execDuration: String(ranSeconds) } },
    ...(isStop(ending) ? [{ action: 'stop' }] : []),
  );
  // Only now: taking down forgets the exit, and a crash in between must not lose it.
  await site.takeDown(id).catch((error) => log.error('an ended container could not be taken down', { id, error }));
  waits.exited(id, { exitCode });
  // nobody waits for the words
  const why = await explainExit(before, { exitCode, ran: ranMilliseconds, logFile: paths.log(id) });
  if (why) store.change(id, { status: why });
  if (delay !== undefined) return restarts.plan(id, delay);
  if (record.fixed.hostConfig.autoRemove && ending !== 'restart') await discard(dependencies, record);
}

/** @param removeVolumes also the anonymous ones; decided before where an engine that ended began it */
async function discard(
  dependencies: LifecycleDependencies,
  record: ContainerRecord,
  removeVolumes = record.status.removeVolumes ?? record.fixed.hostConfig.autoRemove,
): Promise<void> {
  const { store, site, snapshots, attachments, waits, restarts, paths, mounts, logs } = dependencies;
  const { id, status } = record;
  restarts.forget(id);
  store.change(id, { state: 'removing', status: { removeVolumes } });
  try {
    await dependencies.releaseFiles(id);
    await site.takeDown(id);
    await mounts.discard(record, { volumes: removeVolumes });
    await removeSnapshot(snapshots, containerSnapshot(id));
    logs.forget(id);
    await rm(paths.directory(id), { recursive: true, force: true });
    store.remove(id, { action: 'destroy' });
  } catch (error) {
    store.change(id, { state: 'dead', status: { error: toEngineError(error).message } });
    throw error;
  }
  attachments.drop(id);
  waits.removed(id, { exitCode: status.exitCode });
}

async function removeSnapshot(snapshots: Snapshotter, key: string): Promise<void> {
  try {
    await snapshots.remove(key);
  } catch (error) {
    if (toEngineError(error).code !== 'not-found') throw error;
  }
}
