import { readFileSync, readlinkSync } from 'node:fs';
import { type IdMap, parseIdMap } from '../../base/id-map.ts';
import { requireProgram } from '../../base/program-file.ts';

/** A user namespace with its maps. */
export interface UserNamespace {
  /** Names it while whoever made it so holds it. */
  path: string;
  map: IdMap;
}

const link = (pid: number | 'self') => readlinkSync(`/proc/${pid}/ns/user`);

/** The user namespace of a process; undefined where it is ours. @throws SystemError ENOENT when the process has ended. */
export function userNamespaceOf(pid: number): UserNamespace | undefined {
  if (link(pid) === link('self')) return undefined;
  const read = (name: string) => parseIdMap(readFileSync(`/proc/${pid}/${name}`, 'utf8'));
  return { path: `/proc/${pid}/ns/user`, map: { uids: read('uid_map'), gids: read('gid_map') } };
}

/** Whether two processes are in one user namespace. @throws SystemError ENOENT when one has ended. */
export const shareUserNamespace = (one: number, other: number): boolean => link(one) === link(other);

/** The command as root of a user namespace, who finds there the ids that its processes see; as it is where there is none. */
export function asUsersOf(
  users: UserNamespace | undefined,
  command: readonly [string, ...string[]],
): [string, ...string[]] {
  const [name, ...args] = command;
  return users ? ['nsenter', `--user=${users.path}`, '--', requireProgram(name), ...args] : [name, ...args];
}
