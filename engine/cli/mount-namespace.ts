/**
 * The mount namespace that the engine lives in. Its mounts lie beneath two private binds, so the host does not see them;
 * everything else is in the host's peer groups, so what the host mounts appears inside. A small process, the holder,
 * keeps it alive while no engine runs: containers' root filesystems stay mounted.
 */
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, rmdirSync, rmSync, statfsSync, writeSync } from 'node:fs';
import path from 'node:path';
import { memoFile } from '../base/boot-memo.ts';
import { EngineError } from '../base/errors.ts';
import { instanceOf } from '../base/instance.ts';
import { bindSystemCall, errnoCode } from '../base/libc.ts';
import {
  bootId,
  identifyProcess,
  type ProcessIdentity,
  signalIdentity,
  watchProcess,
} from '../base/process-identity.ts';
import { findProgram, requireProgram } from '../base/program-file.ts';
import { runProgram } from '../base/run-program.ts';
import { readMountTable } from '../drivers/mounts/mount-table.ts';
import { liveContainers, liveMonitors, readHolder, writeHolder } from '../drivers/mounts/namespace-record.ts';
import { removeBridge } from '../drivers/network/bridge.ts';
import { endPortKeeper } from '../drivers/network/port-keeper.ts';
import { bindPrivately, unbind } from './private-binds.ts';

export interface Roots {
  dataRoot: string;
  runRoot: string;
}

const makeFifo = bindSystemCall('mkfifo', 'int mkfifo(const char *path, uint32_t mode)');

/** Of a program and its arguments that enter a namespace or make one. */
type Entry = readonly [program: string, ...args: string[]];

const newNamespace: Entry = ['unshare', '--mount', '--propagation', 'unchanged'];
const namespaceOf = (pid: number): Entry => ['nsenter', `--mount=/proc/${pid}/ns/mnt`];

function noNamespace(detail: string): EngineError {
  return new EngineError(
    'unavailable',
    `a mount namespace cannot be made here: ${detail}; containers need root with CAP_SYS_ADMIN`,
    { reason: 'host.no-namespaces', params: { detail } },
  );
}

/**
 * Starts the holder: `cat`, in a session of its own, on a FIFO that it keeps open itself and that has no name any more,
 * so it sleeps for ever. That it echoes one line tells that it runs inside the namespace.
 */
async function startHolder(entry: Entry, runRoot: string): Promise<ProcessIdentity> {
  const fifo = path.join(runRoot, `holder.${process.pid}.fifo`);
  rmSync(fifo, { force: true });
  makeFifo(fifo, 0o600);
  const descriptor = openSync(fifo, constants.O_RDWR);
  try {
    rmSync(fifo);
    const [program, ...args] = entry;
    const child = spawn(requireProgram(program), [...args, '--', requireProgram('cat')], {
      cwd: '/',
      detached: true,
      env: {},
      stdio: [descriptor, 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr?.on('data', (data) => {
      said += String(data);
    });
    writeSync(descriptor, '\n');
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('error', (error) => reject(noNamespace(error.message)));
      child.once('close', (code) => reject(noNamespace(said.trim() || `${program} ended with ${code}`)));
    });
    const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
    if (!identity) throw noNamespace('the process that holds it ended');
    child.removeAllListeners();
    child.unref();
    return identity;
  } finally {
    closeSync(descriptor);
  }
}

const cgroup2Magic = 0x63677270;

/**
 * On hosts with both cgroup hierarchies crun refuses to work while it sees the second one. The parent is made private
 * first, or the host would lose the mount as well.
 */
async function hideUnifiedHierarchy(holder: ProcessIdentity): Promise<void> {
  if (statfsSync('/sys/fs/cgroup').type === cgroup2Magic) return;
  const unified = '/sys/fs/cgroup/unified';
  if (!readMountTable(holder.pid).some((entry) => entry.target === unified)) return;
  const [program, ...args] = namespaceOf(holder.pid);
  await runProgram(program, [...args, '--', 'mount', '--make-rprivate', '/sys/fs/cgroup']);
  await runProgram(program, [...args, '--', 'umount', '--lazy', unified]);
}

async function endHolder(holder: ProcessIdentity): Promise<void> {
  const watch = watchProcess(holder, { keepRunning: true });
  if (signalIdentity(holder, 9)) await watch.ended;
  watch.close();
}

async function makeHolder(entry: Entry, roots: Roots, isNew: boolean): Promise<ProcessIdentity> {
  const holder = await startHolder(entry, roots.runRoot);
  try {
    if (isNew) await hideUnifiedHierarchy(holder);
    await writeHolder(roots.runRoot, { ...holder, bootId: bootId(), dataRoot: roots.dataRoot });
    return holder;
  } catch (error) {
    await endHolder(holder);
    throw error;
  }
}

/**
 * Finds the mount namespace of these roots, or makes it: the recorded holder's, else that of a container's monitor (with
 * a new holder in it), else a new one. Both roots exist and are real paths.
 * @throws EngineError `unavailable` (`host.no-namespaces`, `program.missing`), `conflict` when the run root belongs to
 *   another data root.
 */
export async function enterMountNamespace(roots: Roots): Promise<ProcessIdentity> {
  const recorded = readHolder(roots.runRoot);
  if (recorded && recorded.dataRoot !== roots.dataRoot) {
    throw new EngineError(
      'conflict',
      `the run root ${roots.runRoot} belongs to the data root ${recorded.dataRoot}: start with another --exec-root`,
      { reason: 'data-root.in-use', params: { dataRoot: recorded.dataRoot, pid: recorded.pid } },
    );
  }
  bindPrivately(roots.dataRoot);
  bindPrivately(roots.runRoot);
  if (recorded) return recorded;
  const monitor = liveMonitors(roots.runRoot)[0];
  if (monitor) return makeHolder(namespaceOf(monitor.pid), roots, false);
  return makeHolder(newNamespace, roots, true);
}

/** The command that runs Node on a main file inside the namespace of `holder`. */
export function commandInside(holder: ProcessIdentity, main: string, args: readonly string[]): string[] {
  const nsenter = findProgram('nsenter') ?? 'nsenter';
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', main, ...args];
  return [nsenter, `--mount=/proc/${holder.pid}/ns/mnt`, '--', ...node];
}

/**
 * Gives everything back: ends the holder, and with it the namespace and its mounts, and takes the two binds away. The
 * caller has the data root's lock.
 * @throws EngineError `conflict` while a container lives.
 */
export async function releaseMountNamespace(roots: Roots): Promise<void> {
  const live = [...liveContainers(roots.runRoot), ...liveMonitors(roots.runRoot)];
  if (live.length > 0) {
    throw new EngineError('conflict', `containers are running (process ${live[0]?.pid}): stop them first`, {
      reason: 'container.running',
      params: { name: String(live[0]?.pid ?? ''), pid: live[0]?.pid ?? 0 },
    });
  }
  // it lives in the namespace and would keep it
  await endPortKeeper(roots.runRoot);
  const holder = readHolder(roots.runRoot);
  if (holder) await endHolder(holder);
  removeBridge({ instance: instanceOf(roots.dataRoot), log: { info() {}, warn() {} } });
  for (const name of ['holder.json', memoFile]) rmSync(path.join(roots.runRoot, name), { force: true });
  unbind(roots.runRoot);
  unbind(roots.dataRoot);
  removeEmptyFolders(roots.runRoot);
}

/** What engines made in the run root and is empty now; the root itself stays, the user may have made it. */
function removeEmptyFolders(runRoot: string): void {
  for (const entry of readdirSync(runRoot, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    try {
      rmdirSync(path.join(runRoot, entry.name));
    } catch (error) {
      if (errnoCode(error) !== 'ENOTEMPTY') throw error;
    }
  }
  // whoever wants it needs the data root's lock first, and that is the caller's
  rmSync(path.join(runRoot, 'launcher.lock'), { force: true });
}
