import { createHash } from 'node:crypto';
import { closeSync, statSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { EngineError, messageOf } from '../../base/errors.ts';
import { type IdMap, type IdRange, idMapText, outsideId } from '../../base/id-map.ts';
import type { Log } from '../../base/log.ts';
import type { Mounter } from '../../drivers/mounts/mounter.ts';
import { openUserNamespace } from '../../drivers/userns/new-namespaces.ts';
import { type UserNamespace, userNamespaceOf } from '../../drivers/userns/process-ids.ts';
import { rangesOf } from '../../drivers/userns/remap-ranges.ts';
import { tryIdMapped } from '../../storage/snapshots/probe-id-mapped.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerHostConfig } from './container-service.ts';
import { hasProcess } from './state-machine.ts';

/**
 * dockerd's `userns-remap`: containers run in user namespaces whose users are none of the host's. On the disk files have the
 * owners that their image or container gives them; mounts with mapped owners stand in between.
 */
export interface Remapping {
  readonly map: IdMap;
  /** Where the root of all snapshots is seen with mapped owners. */
  readonly snapshots: string;
  /** Descriptor of the user namespace whose maps such mounts have. */
  readonly idMapped: number;
  /** With the maps, and nothing runs there. */
  readonly userNamespace: UserNamespace;
  close(): void;
}

export interface RemappingRequest {
  /** As of `--userns-remap`. */
  remap: string | undefined;
  /** Of all snapshots. */
  root: string;
  runRoot: string;
  snapshotter: Snapshotter['name'];
  mounter: Mounter;
  log: Pick<Log, 'warn'>;
}

/**
 * What the host's root is on the disk through a mount with mapped owners: the kernel lets it make files there only if it is
 * somebody, and gives them away at once. A number that no image has.
 */
const idOfHostRoot = 4_294_900_000;
const withHostRoot = (ranges: readonly IdRange[]) => [...ranges, { inside: idOfHostRoot, outside: 0, length: 1 }];

/**
 * @returns undefined where containers have the host's users
 * @throws EngineError `unavailable` (`host.no-id-mapped-mounts`) where the kernel or the filesystem has no such mounts;
 *   `invalid` in dockerd's words where there are no such users (`userns.no-ranges` with what to do), or they cannot get to
 *   the data root or the run root.
 */
export async function openRemapping(request: RemappingRequest): Promise<Remapping | undefined> {
  const { remap, root, runRoot, snapshotter, mounter, log } = request;
  const map = remap === undefined ? undefined : rangesOf(remap);
  if (remap !== undefined && !map)
    log.warn('User namespaces: root cannot be remapped with itself; user namespaces are OFF');
  if (!map) return undefined;
  for (const directory of [path.dirname(root), runRoot]) requireWay(directory, rootOf(map));
  const descriptors: number[] = [];
  const close = () => descriptors.splice(0).forEach(closeSync);
  const open = async (maps: IdMap) => {
    const descriptor = await openUserNamespace(maps);
    descriptors.push(descriptor);
    return descriptor;
  };
  try {
    const idMapped = await open({ uids: withHostRoot(map.uids), gids: withHostRoot(map.gids) });
    const userNamespace = { path: `/proc/${process.pid}/fd/${await open(map)}`, map };
    const snapshots = path.join(runRoot, `owners-${nameOf(map)}`);
    await mkdir(snapshots, { recursive: true, mode: 0o700 });
    // with the containers that have it, it outlives the engine
    if (!mounter.list(snapshots).includes(snapshots)) {
      await mountMapped({ root, snapshots, idMapped, snapshotter, map, mounter });
    }
    return { map, snapshots, idMapped, userNamespace, close };
  } catch (error) {
    close();
    throw error;
  }
}

function requireWay(directory: string, { uid, gid }: { uid: number; gid: number }): void {
  for (let at = directory; at !== path.dirname(at); at = path.dirname(at)) {
    const status = statSync(at);
    const search = status.uid === uid ? 0o100 : status.gid === gid ? 0o010 : 0o001;
    if (status.mode & search) continue;
    const message = `a subdirectory in your graphroot path (${directory}) restricts access to the remapped root uid/gid; please fix by allowing 'o+x' permissions on existing directories: ${at}`;
    throw new EngineError('invalid', message, { reason: 'request.invalid', params: { detail: message } });
  }
}

const nameOf = ({ uids, gids }: IdMap) =>
  createHash('sha256').update([uids, gids].map(idMapText).join()).digest('hex').slice(0, 12);

type MountMapped = Pick<Remapping, 'map' | 'snapshots' | 'idMapped'> &
  Pick<RemappingRequest, 'root' | 'snapshotter' | 'mounter'>;

async function mountMapped({ map, root, snapshots, idMapped, snapshotter, mounter }: MountMapped): Promise<void> {
  try {
    await mounter.mount([{ type: 'bind', source: root, options: ['bind'], idMapped }], snapshots);
    await tryIdMapped({ root, through: snapshots, snapshotter, owner: rootOf(map), mounter });
  } catch (cause) {
    await mounter.unmount(snapshots);
    await rmdir(snapshots);
    const detail = messageOf(cause);
    const message = `user namespaces cannot be remapped here: ${detail}; it needs Linux 5.19 or newer and a data root on a filesystem that can be mounted with mapped owners, such as ext4, xfs or btrfs`;
    throw new EngineError('unavailable', message, { reason: 'host.no-id-mapped-mounts', params: { detail }, cause });
  }
}

/** What root of the namespace is for the host. */
export function rootOf({ uids, gids }: IdMap): { uid: number; gid: number } {
  return { uid: outsideId(uids, 0) ?? 0, gid: outsideId(gids, 0) ?? 0 };
}

/** What a container that is started gets; undefined: the host's users. */
export const remappingFor = (
  remapping: Remapping | undefined,
  { usernsMode }: Pick<ContainerHostConfig, 'usernsMode'>,
): Remapping | undefined => (usernsMode === 'host' ? undefined : remapping);

/** The user namespace that a container's files are seen from: of what runs its own, of any other that of its next start. */
export function userNamespaceOfContainer(
  { state, status, fixed }: ContainerRecord,
  remapping: Remapping | undefined,
): UserNamespace | undefined {
  if (hasProcess(state) && status.process) return userNamespaceOf(status.process.pid);
  return remappingFor(remapping, fixed.hostConfig)?.userNamespace;
}

/**
 * Options that cannot be where users are remapped.
 * @throws EngineError `invalid` in dockerd's words (moby, `daemon_unix.go`).
 */
export function checkRemapped(hostConfig: ContainerHostConfig, remapping: Remapping | undefined): void {
  if (!remappingFor(remapping, hostConfig)) return;
  const { privileged, networkMode, pidMode, ipcMode } = hostConfig;
  const refusals: readonly [boolean, string][] = [
    [
      privileged,
      'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
    ],
    [networkMode === 'host', "cannot share the host's network namespace when user namespaces are enabled"],
    [pidMode === 'host', 'cannot share the host PID namespace when user namespaces are enabled'],
    // dockerd lets the start fail
    [ipcMode === 'host', "cannot share the host's IPC namespace when user namespaces are enabled"],
  ];
  const refused = refusals.find(([isAsked]) => isAsked);
  if (refused) throw new EngineError('invalid', refused[1]);
}
