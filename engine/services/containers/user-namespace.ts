import { closeSync, openSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { EngineError } from '../../base/errors.ts';
import { idMapText } from '../../base/id-map.ts';
import type { Mounter } from '../../drivers/mounts/mounter.ts';
import { bindUserNamespace } from '../../drivers/userns/new-namespaces.ts';
import { shareUserNamespace, type UserNamespace, userNamespaceOf } from '../../drivers/userns/process-ids.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import { joinedContainer } from './namespace-modes.ts';
import { checkRemapped, type Remapping, remappingFor, rootOf } from './remapping.ts';

export interface UserNamespaceDependencies {
  remapping: Remapping | undefined;
  /** @throws EngineError `not-found`. */
  resolve(name: string): ContainerRecord;
  paths: Pick<ContainerPaths, 'userNamespace'>;
  mounter: Pick<Mounter, 'list'>;
}

/** Lets the container's root, and nobody else, through the bundle to the root filesystem, from where the runtime mounts the rest. */
export async function admitRoot(bundle: string, { map }: UserNamespace): Promise<void> {
  await chown(bundle, 0, rootOf(map).gid);
  await chmod(bundle, 0o710);
}

/**
 * The user namespace of a container that is started; undefined: the host's. Who joins the namespaces of another container
 * joins its users as well, as in dockerd: a namespace obeys only those that it belongs to.
 * @throws EngineError `invalid`, `conflict` where that cannot be.
 */
export async function enterUserNamespace(
  record: ContainerRecord,
  { remapping: configured, resolve, paths, mounter }: UserNamespaceDependencies,
): Promise<UserNamespace | undefined> {
  const { id, fixed } = record;
  const { networkMode, pidMode, ipcMode } = fixed.hostConfig;
  checkRemapped(fixed.hostConfig, configured);
  const remapping = remappingFor(configured, fixed.hostConfig);
  if (!remapping) return undefined;
  const donors = [networkMode, pidMode, ipcMode].flatMap((mode) => joinedContainer(mode) ?? []).map(resolve);
  if (donors.length > 0) return joinUsers(donors, remapping);
  const file = paths.userNamespace(id);
  if (!mounter.list(file).includes(file)) {
    closeSync(openSync(file, 'w', 0o600));
    await bindUserNamespace(remapping.map, file);
  }
  return { path: file, map: remapping.map };
}

function joinUsers(donors: readonly ContainerRecord[], { map }: Remapping): UserNamespace {
  const [first, ...others] = donors.map(({ status }) => status.pid);
  const namespace = first === undefined ? undefined : userNamespaceOf(first);
  const refuse = (why: string) =>
    new EngineError('conflict', `cannot join the users of container ${donors[0]?.id}: ${why}`);
  if (first === undefined || !namespace) {
    throw refuse('it runs with those of the host, so that --userns=host is needed here too');
  }
  if (others.some((pid) => !shareUserNamespace(first, pid))) {
    throw refuse('the containers whose namespaces are joined have users of their own each');
  }
  const text = ({ uids, gids }: UserNamespace['map']) => [uids, gids].map(idMapText).join();
  if (text(namespace.map) !== text(map)) throw refuse('it has other ids than --userns-remap gives now: restart it');
  return namespace;
}
