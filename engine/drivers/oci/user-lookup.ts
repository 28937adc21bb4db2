import { EngineError } from '../../base/errors.ts';
import { errnoCode } from '../../base/libc.ts';
import { readFileInRoot } from '../../base/libc-open-beneath.ts';

/** A user as a process has it. */
export interface ResolvedUser {
  uid: number;
  gid: number;
  /** The gid first, as Docker does since 20.10.18. */
  additionalGids: number[];
  /** From etc/passwd; `/` where it says nothing. */
  home: string;
}

interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

interface GroupEntry {
  name: string;
  gid: number;
  members: readonly string[];
}

const maximumFile = 8 * 1024 * 1024;
const maximumId = 2 ** 31 - 1;

function linesOf(root: string, name: string): string[][] {
  let text: string;
  try {
    text = readFileInRoot(root, name, maximumFile);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoCode(error) ?? '')) return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim().split(':')]));
}

function readUsers(root: string): PasswdEntry[] {
  return linesOf(root, 'etc/passwd').map(([name = '', , uid, gid, , home = '']) => {
    return { name, uid: Number(uid), gid: Number(gid), home };
  });
}

function readGroups(root: string): GroupEntry[] {
  return linesOf(root, 'etc/group').map(([name = '', , gid, members = '']) => {
    return { name, gid: Number(gid), members: members.split(',').filter(Boolean) };
  });
}

function invalid(message: string): EngineError {
  return new EngineError('invalid', message, { reason: 'request.invalid', params: { detail: message } });
}

/** A number in the range of ids, or undefined for a name. */
function idOf(text: string): number | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id < 0 || id > maximumId) throw invalid(`uids and gids must be in range 0-${maximumId}`);
  return id;
}

function findGroup(groups: readonly GroupEntry[], text: string): number {
  const id = idOf(text);
  const found = groups.find((group) => (id === undefined ? group.name === text : group.gid === id));
  if (found) return found.gid;
  if (id !== undefined) return id;
  throw invalid(`unable to find group ${text}: no matching entries in group file`);
}

/**
 * Who `user` is in a root filesystem: `""`, `name`, `uid`, each with `:group` or `:gid`, by Docker's rules.
 * @param groupsAdd names or numbers of further groups (`--group-add`)
 * @throws EngineError `invalid` in Docker's words when a name is not there.
 */
export function lookUpUser(root: string, user: string, groupsAdd: readonly string[] = []): ResolvedUser {
  const [userPart = '', groupPart = ''] = user.split(':', 2);
  const users = readUsers(root);
  const groups = readGroups(root);
  const id = userPart === '' ? 0 : idOf(userPart);
  const entry = users.find((candidate) => (id === undefined ? candidate.name === userPart : candidate.uid === id));
  if (!entry && id === undefined) {
    throw invalid(`unable to find user ${userPart}: no matching entries in passwd file`);
  }
  const gid = groupPart === '' ? (entry?.gid ?? 0) : findGroup(groups, groupPart);
  const member = groupPart === '' && entry ? groups.filter(({ members }) => members.includes(entry.name)) : [];
  const added = groupsAdd.map((name) => findGroup(groups, name));
  return {
    uid: entry?.uid ?? id ?? 0,
    gid,
    additionalGids: [...new Set([gid, ...member.map((group) => group.gid), ...added])],
    home: entry?.home || '/',
  };
}
