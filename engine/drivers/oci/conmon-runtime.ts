import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, toEngineError } from '../../base/errors.ts';
import { errnoCode } from '../../base/libc.ts';
import {
  bootId,
  identifyProcess,
  isAlive,
  type ProcessIdentity,
  signalIdentity,
  watchProcess,
} from '../../base/process-identity.ts';
import {
  bundleDirectory,
  findMonitor,
  type MonitorRecord,
  readMonitor,
  writeMonitor,
} from '../mounts/namespace-record.ts';
import type { AttachHub } from './attach-hub.ts';
import { expectMove } from './cgroups/expect-move.ts';
import { type Cgroups, cgroupVersion } from './cgroups.ts';
import { spawnConmon } from './conmon.ts';
import { createError } from './create-errors.ts';
import { takeDeviceWeights } from './device-weights.ts';
import { startExec } from './exec-start.ts';
import type { ExitFiles } from './exit-files.ts';
import { deleteByHand } from './fast-delete.ts';
import { type FastPaths, fastPathsOf } from './fast-paths.ts';
import { startByFifo } from './fast-start.ts';
import type { OciSpec } from './oci-spec.ts';
import type { Bundle, ExitStatus, Runtime, RuntimeState } from './runtime.ts';
import { type RuntimeProgram, runRuntime, stateDirectory } from './runtime-program.ts';
import { type CachedSpec, createSeccompCache, type SeccompCache } from './seccomp-cache.ts';
import { specText } from './spec-builder.ts';
import { giveStreams, streamOwner } from './stream-owner.ts';
import { waitForExit } from './wait-for-exit.ts';

export interface ConmonRuntimeDependencies {
  runRoot: string;
  /** Absolute path of conmon. */
  conmon: string;
  program: RuntimeProgram;
  exits: ExitFiles;
  cgroups: Cgroups;
  attachments: AttachHub;
  /** Chosen by the program's version when absent. */
  fastPaths?: FastPaths;
}

/** The same with what belongs to one runtime. */
interface Parts extends ConmonRuntimeDependencies {
  fast: FastPaths;
  seccompCache: SeccompCache;
}

const sigkill = 9;
const cgroupTries = 150;
const cgroupPauseMilliseconds = 20;
/** How long a monitor may take to write the exit and end, milliseconds. */
const monitorGrace = 5000;
/** Longest that making a container, or starting a process in one, may take, milliseconds. */
const createLimit = 120_000;
/** Of the bundle, what is the runtime's and the monitor's; the rest belongs to who made the bundle. */
const ownFiles = ['config.json', 'monitor.json', 'conmon.pid', 'pid', 'attach', 'ctl', 'winsz', 'persist', 'oom'];

function notRunning(id: string): EngineError {
  return new EngineError('conflict', `Container ${id} is not running`, {
    reason: 'container.not-running',
    params: { name: id },
  });
}

function recordOf(runRoot: string, id: string): MonitorRecord {
  const record = readMonitor(bundleDirectory(runRoot, id));
  if (record) return record;
  throw new EngineError('not-found', `No such container: ${id}`, {
    reason: 'container.not-found',
    params: { name: id },
  });
}

const livesNow = (record: MonitorRecord) => record.bootId === bootId() && isAlive(record.process);

/** Kills exactly this process and waits for its end. */
async function endProcess(identity: ProcessIdentity): Promise<void> {
  const watch = watchProcess(identity, { keepRunning: true });
  try {
    if (signalIdentity(identity, sigkill)) await watch.ended;
  } finally {
    watch.close();
  }
}

/** A monitor ends by itself once it has written the exit; one that does not is killed. */
async function endMonitor(identity: ProcessIdentity, graceMilliseconds: number): Promise<void> {
  const watch = watchProcess(identity, { keepRunning: true });
  const timer = setTimeout(() => signalIdentity(identity, sigkill), graceMilliseconds);
  try {
    await watch.ended;
  } finally {
    clearTimeout(timer);
    watch.close();
  }
}

async function cgroupOf(bundle: string): Promise<string | undefined> {
  try {
    const spec = JSON.parse(await readFile(path.join(bundle, 'config.json'), 'utf8')) as OciSpec;
    return spec.linux.cgroupsPath;
  } catch {
    return undefined;
  }
}

/**
 * Kills until nothing is left: what a container started in the host's pid namespace does not end with its first process,
 * and may have forked meanwhile.
 */
async function emptyCgroup(cgroups: Cgroups, cgroup: string): Promise<void> {
  for (let tries = 0; tries < cgroupTries && !cgroups.remove(cgroup); tries++) await sleep(cgroupPauseMilliseconds);
}

async function removeLeftovers(dependencies: Parts, id: string): Promise<void> {
  const { runRoot, program, cgroups, exits } = dependencies;
  const bundle = bundleDirectory(runRoot, id);
  await rm(path.join(stateDirectory(runRoot, program), id), { recursive: true, force: true });
  const cgroup = await cgroupOf(bundle);
  if (cgroup !== undefined) await emptyCgroup(cgroups, cgroup);
  exits.remove(id);
  await Promise.all(ownFiles.map((name) => rm(path.join(bundle, name), { recursive: true, force: true })));
  try {
    await rmdir(bundle);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(errnoCode(error) ?? '')) throw error;
  }
}

interface Ended {
  id: string;
  monitor: ProcessIdentity | undefined;
  cgroup: string | undefined;
}

/** By hand, once the monitor has ended after its process. @returns false when the runtime has to do it */
async function deleteEnded({ runRoot, program, cgroups }: Parts, { id, monitor, cgroup }: Ended): Promise<boolean> {
  if (monitor) await endMonitor(monitor, monitorGrace);
  const removeCgroup = () => cgroup === undefined || cgroups.remove(cgroup);
  return deleteByHand({ stateDirectory: stateDirectory(runRoot, program), id, removeCgroup });
}

async function removeContainer(dependencies: Parts, id: string): Promise<void> {
  const { runRoot, program, attachments, cgroups, fast } = dependencies;
  const bundle = bundleDirectory(runRoot, id);
  const record = readMonitor(bundle);
  const sameBoot = record?.bootId === bootId();
  attachments.drop(id);
  // what is frozen does not hear a SIGKILL in cgroup v1
  const cgroup = await cgroupOf(bundle);
  if (cgroup !== undefined) cgroups.open(cgroup).thaw();
  if (record && sameBoot) await endProcess(record.process);
  const monitor = record ? (sameBoot ? record.monitor : undefined) : findMonitor(bundle);
  if (!(record && fast.delete && (await deleteEnded(dependencies, { id, monitor, cgroup })))) {
    // also ends a container of which nothing was recorded; what it leaves, also by hanging, is taken away below
    await runRuntime(program, runRoot, ['delete', '--force', id], { acceptedExitCodes: [0, 1] }).catch(() => {});
    if (monitor) await endMonitor(monitor, monitorGrace);
  }
  await removeLeftovers(dependencies, id);
}

/** Makes it by conmon, with what the cache has for it. @throws EngineError with nothing undone yet. */
async function makeByConmon(
  dependencies: Parts,
  bundle: Bundle,
  { spec: whole, compiled }: CachedSpec,
): Promise<number> {
  const { runRoot, program, conmon, exits, cgroups, fast, seccompCache } = dependencies;
  const { spec, weights } = cgroupVersion() === 2 ? takeDeviceWeights(whole) : { spec: whole };
  await writeFile(path.join(bundle.directory, 'config.json'), specText(spec), { mode: 0o600 });
  const call = { conmon, program, runRoot, exitDirectory: exits.directory, bundle, timeoutMilliseconds: createLimit };
  const made = await cgroups.making(() => spawnConmon(call));
  if ('failure' in made) {
    if (compiled && /seccomp|bpf/i.test(made.failure)) seccompCache.giveUp();
    throw createError(made.failure, bundle.spec.process.args[0] ?? '');
  }
  if (compiled && !seccompCache.isActive({ compiled, id: bundle.id, pid: made.pid })) {
    throw new EngineError('internal', `the compiled seccomp filter of ${bundle.id} is not in force`);
  }
  if (weights) cgroups.open(spec.linux.cgroupsPath).update({ blockIO: { weightDevice: weights } });
  if (fast.seccomp && !compiled) seccompCache.learn(spec, bundle.id);
  const owner = streamOwner(spec.linux, spec.process.user);
  if (owner && !spec.process.terminal) giveStreams(made.pid, owner);
  return made.pid;
}

/** Up to the record that tells of it. @throws EngineError with everything undone. */
async function tryCreate(dependencies: Parts, bundle: Bundle, cached: CachedSpec): Promise<ProcessIdentity> {
  const { runRoot, program } = dependencies;
  const { directory, openStdin, stdinOnce } = bundle;
  await mkdir(path.join(directory, 'persist'), { recursive: true, mode: 0o700 });
  await mkdir(stateDirectory(runRoot, program), { recursive: true, mode: 0o700 });
  dependencies.exits.remove(bundle.id);
  try {
    const process = identifyProcess(await makeByConmon(dependencies, bundle, cached));
    const monitor = findMonitor(directory);
    if (!process || !monitor)
      throw new EngineError('internal', `the container ${bundle.id} ended before it was started`);
    const { terminal } = bundle.spec.process;
    const record = { bootId: bootId(), runtime: program.name, monitor, process, openStdin, stdinOnce, terminal };
    await writeMonitor(directory, record);
    return process;
  } catch (error) {
    await removeContainer(dependencies, bundle.id);
    throw error;
  }
}

async function createContainer(dependencies: Parts, bundle: Bundle): Promise<ProcessIdentity> {
  const directory = bundleDirectory(dependencies.runRoot, bundle.id);
  if (bundle.directory !== directory) throw new Error(`the bundle of ${bundle.id} has to be ${directory}`);
  const plain = { spec: bundle.spec, compiled: undefined };
  const cached = dependencies.fast.seccomp ? dependencies.seccompCache.use(bundle.spec) : plain;
  try {
    return await tryCreate(dependencies, bundle, cached);
  } catch (error) {
    // once more in the plain way, unless the reason is the command's
    if (!cached.compiled || toEngineError(error).code !== 'internal') throw error;
    return tryCreate(dependencies, bundle, plain);
  }
}

async function stateOf(dependencies: ConmonRuntimeDependencies, id: string): Promise<RuntimeState> {
  const { runRoot, program, exits } = dependencies;
  const record = readMonitor(bundleDirectory(runRoot, id));
  if (!record) return 'absent';
  if (exits.read(id) || !livesNow(record)) return 'stopped';
  const said = await runRuntime(program, runRoot, ['state', id]);
  const { status } = JSON.parse(said) as { status?: string };
  if (status === 'created' || status === 'running' || status === 'paused' || status === 'stopped') return status;
  throw new EngineError('internal', `${program.name} says that container ${id} is ${status}`);
}

/** A runtime of conmon and one OCI runtime program. */
export function createConmonRuntime(given: ConmonRuntimeDependencies): Runtime {
  const { runRoot, program, attachments } = given;
  const state = stateDirectory(runRoot, program);
  const fast = given.fastPaths ?? fastPathsOf(program);
  const dependencies = { ...given, fast, seccompCache: createSeccompCache(state) };
  return {
    name: program.name,
    version: program.version,
    prepare: () => void expectMove(),
    create: (bundle) => createContainer(dependencies, bundle),
    async start(id) {
      recordOf(runRoot, id);
      if (fast.start && startByFifo(state, id)) return;
      await runRuntime(program, runRoot, ['start', id]);
    },
    async kill(id, signal) {
      const record = recordOf(runRoot, id);
      if (record.bootId !== bootId() || !signalIdentity(record.process, signal)) throw notRunning(id);
    },
    wait: (id, signal): Promise<ExitStatus> =>
      waitForExit({ ...dependencies, id, record: recordOf(runRoot, id), signal }),
    state: (id) => stateOf(dependencies, id),
    delete: (id) => removeContainer(dependencies, id),
    async attach(id) {
      const record = recordOf(runRoot, id);
      if (!livesNow(record)) throw notRunning(id);
      return attachments.attach(id, record);
    },
    async resize(id, size) {
      if (!livesNow(recordOf(runRoot, id))) throw notRunning(id);
      await attachments.resize(id, size);
    },
    async exec(request) {
      if (!livesNow(recordOf(runRoot, request.id))) throw notRunning(request.id);
      return startExec({ runRoot, program, timeoutMilliseconds: createLimit }, request);
    },
  };
}
