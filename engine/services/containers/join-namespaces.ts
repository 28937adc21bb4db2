import { EngineError, toEngineError } from '../../base/errors.ts';
import { isAlive } from '../../base/process-identity.ts';
import type { SharedNamespaces, SpecRequest } from '../../drivers/oci/spec-request.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import { joinedContainer } from './namespace-modes.ts';
import { hasProcess, isRestarting } from './state-machine.ts';

export interface JoinDependencies {
  /** @throws EngineError `not-found`. */
  resolve(name: string): ContainerRecord;
  paths: Pick<ContainerPaths, 'sharedMemory'>;
}

/** What a container shares when it starts. */
export interface JoinedNamespaces {
  namespaces: SharedNamespaces;
  sharedMemory?: SpecRequest['sharedMemory'];
  /** The container whose network it joins, with its hosts, hostname and resolv.conf. */
  network?: { record: ContainerRecord; namespacePath: string | 'host' };
}

/**
 * Finds the namespaces that a container is to join.
 * @throws EngineError `not-found`, `conflict` or `invalid` in Docker's words where the other container is not there, or
 *   does not run, or does not share.
 */
export function joinNamespaces(record: ContainerRecord, dependencies: JoinDependencies): JoinedNamespaces {
  const { networkMode, pidMode, utsMode, cgroupnsMode } = record.fixed.hostConfig;
  const donor = joinedContainer(networkMode);
  const network = donor === undefined ? undefined : joinNetwork(record, donor, dependencies);
  const ipc = joinIpc(record, dependencies);
  const pid = joinPid(pidMode, dependencies);
  const namespaces: SharedNamespaces = {
    ...(pid && { pid }),
    ...(ipc.namespace && { ipc: ipc.namespace }),
    ...(utsMode === 'host' && { uts: 'host' }),
    ...((cgroupnsMode === 'host' || cgroupnsMode === 'private') && { cgroup: cgroupnsMode }),
  };
  return {
    namespaces,
    ...(ipc.sharedMemory && { sharedMemory: ipc.sharedMemory }),
    ...(network && { network }),
  };
}

const pathOf = ({ status }: ContainerRecord, namespace: 'net' | 'ipc' | 'pid') => `/proc/${status.pid}/ns/${namespace}`;

const livesNow = ({ state, status }: ContainerRecord) =>
  hasProcess(state) && status.process !== undefined && isAlive(status.process);

function joinNetwork(
  { id }: ContainerRecord,
  name: string,
  { resolve }: JoinDependencies,
): NonNullable<JoinedNamespaces['network']> {
  const donor = resolve(name);
  if (donor.id === id) throw new EngineError('invalid', 'cannot join own network');
  if (donor.state === 'restarting') throw isRestarting(donor);
  if (!livesNow(donor)) {
    throw new EngineError('conflict', `cannot join network of a non running container: ${donor.id}`);
  }
  let owner = donor;
  for (let next = joinedContainer(owner.fixed.hostConfig.networkMode); next !== undefined; ) {
    owner = resolve(next);
    next = joinedContainer(owner.fixed.hostConfig.networkMode);
  }
  const isHost = owner.fixed.hostConfig.networkMode === 'host' && !owner.fixed.config.networkDisabled;
  return { record: donor, namespacePath: isHost ? 'host' : pathOf(donor, 'net') };
}

/** @throws EngineError with what was being done before the reason, as dockerd. */
function findDonor(name: string, what: string, { resolve }: JoinDependencies): ContainerRecord {
  try {
    const donor = resolve(name);
    if (donor.state === 'restarting') throw isRestarting(donor);
    if (!livesNow(donor)) throw new EngineError('conflict', `container ${donor.id} is not running`);
    return donor;
  } catch (error) {
    const { code, message } = toEngineError(error);
    // not `not-found`: that is for the container which is started
    throw new EngineError(code === 'not-found' ? 'invalid' : code, `failed to join ${what} namespace: ${message}`);
  }
}

function joinPid(mode: string | undefined, dependencies: JoinDependencies): SharedNamespaces['pid'] {
  const name = joinedContainer(mode);
  if (name === undefined) return mode === 'host' ? mode : undefined;
  return { path: pathOf(findDonor(name, 'PID', dependencies), 'pid') };
}

interface JoinedIpc {
  namespace?: SharedNamespaces['ipc'];
  sharedMemory?: SpecRequest['sharedMemory'];
}

function joinIpc({ id, fixed }: ContainerRecord, dependencies: JoinDependencies): JoinedIpc {
  const { ipcMode: mode } = fixed.hostConfig;
  if (mode === 'host') return { namespace: 'host', sharedMemory: { source: '/dev/shm' } };
  if (mode === 'none') return { sharedMemory: 'none' };
  if (mode === 'shareable') return { sharedMemory: { source: dependencies.paths.sharedMemory(id) } };
  const name = joinedContainer(mode);
  if (name === undefined) return {};
  const donor = findDonor(name, 'IPC', dependencies);
  const shared = sharedMemoryOf(donor, dependencies);
  if (shared === undefined) {
    throw new EngineError(
      'invalid',
      `failed to join IPC namespace: container ${donor.id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
    );
  }
  const isHost = shared === '/dev/shm';
  return { namespace: isHost ? 'host' : { path: pathOf(donor, 'ipc') }, sharedMemory: { source: shared } };
}

/** The directory of the host that is its /dev/shm; undefined where it does not share. */
function sharedMemoryOf({ id, fixed }: ContainerRecord, dependencies: JoinDependencies): string | undefined {
  const { ipcMode: mode } = fixed.hostConfig;
  if (mode === 'host') return '/dev/shm';
  if (mode === 'shareable') return dependencies.paths.sharedMemory(id);
  const name = joinedContainer(mode);
  return name === undefined ? undefined : sharedMemoryOf(dependencies.resolve(name), dependencies);
}
