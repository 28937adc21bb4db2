import { readFileSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import type { IdMap, IdRange } from '../../base/id-map.ts';

/** Whose ranges dockerd takes for `default`. */
const defaultUser = 'dockremap';
const ownWord = 'default';
/** Every user of an image that counts in 16 bits. */
const usualLength = 65_536;
const firstRange = 100_000;
/** Lines of a map, user_namespaces(7). */
const mostRanges = 340;

const invalid = (message: string) =>
  new EngineError('invalid', message, { reason: 'request.invalid', params: { detail: message } });

/**
 * The ids that `--userns-remap` means: `default`, or USER[:GROUP] by names or numbers, by the ranges that subuid(5) and
 * subgid(5) give the user. As dockerd, which has the group checked and looks for the user's name in both files.
 * @param etc the folder of these files
 * @returns undefined for root itself, which dockerd takes for no remapping
 * @throws EngineError `invalid`, in dockerd's words for users and groups that are not there; `userns.no-ranges` where the
 *   user has no ranges: it says what to write where.
 */
export function rangesOf(remap: string, etc = '/etc'): IdMap | undefined {
  const user = userOf(remap, etc);
  if (user.name === 'root') return undefined;
  const uids = rangesFor(user, path.join(etc, 'subuid'));
  const gids = rangesFor(user, path.join(etc, 'subgid'));
  return { uids, gids };
}

interface RemapUser {
  name: string;
  /** Absent of `default`, which needs no user of that name. */
  uid?: number;
}

function userOf(remap: string, etc: string): RemapUser {
  const [user = '', group, ...more] = remap.split(':');
  if (more.length > 0) throw invalid(`Invalid user/group specification in --userns-remap: ${JSON.stringify(remap)}`);
  const users = entriesOf(path.join(etc, 'passwd'));
  const groups = entriesOf(path.join(etc, 'group'));
  const found = user === ownWord ? { name: defaultUser } : findUser(user, users);
  const wanted = group ?? (user === ownWord ? undefined : user);
  if (wanted !== undefined) checkGroup(wanted, groups);
  return found;
}

const numberOf = (text: string) => (/^\d{1,10}$/.test(text) ? Number(text) : undefined);

function findUser(text: string, users: readonly string[][]): RemapUser {
  const id = numberOf(text);
  const entry = users.find(([name, , uid]) => (id === undefined ? name === text : Number(uid) === id));
  if (entry) return { name: entry[0] ?? '', uid: Number(entry[2]) };
  if (id !== undefined) throw invalid(`Uid ${id} has no entry in /etc/passwd`);
  throw invalid(`Error during uid lookup for ${JSON.stringify(text)}: no such user in /etc/passwd`);
}

function checkGroup(text: string, groups: readonly string[][]): void {
  const id = numberOf(text);
  if (groups.some(([name, , gid]) => (id === undefined ? name === text : Number(gid) === id))) return;
  if (id !== undefined) throw invalid(`Gid ${id} has no entry in /etc/group`);
  throw invalid(`Error during gid lookup for ${JSON.stringify(text)}: no such group in /etc/group`);
}

/** Fields of lines of a file; none where there is no such file. */
function entriesOf(file: string): string[][] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => (line === '' || line.startsWith('#') ? [] : [line.trim().split(':')]));
}

/** One after the other, as the ids from 0 on inside. */
function rangesFor({ name, uid }: RemapUser, file: string): IdRange[] {
  const entries = entriesOf(file);
  let inside = 0;
  const ranges = entries.flatMap(([owner, start, count]) => {
    if (owner !== name && (uid === undefined || numberOf(owner ?? '') !== uid)) return [];
    const [outside, length] = [numberOf(start ?? ''), numberOf(count ?? '')];
    if (!outside || !length) throw invalid(`a line of ${file} cannot be: ${owner}:${start}:${count}`);
    const range = { inside, outside, length };
    inside += length;
    return [range];
  });
  if (ranges.length > mostRanges) throw invalid(`more than ${mostRanges} ranges of ${name} in ${file}`);
  if (ranges.length > 0) return ranges;
  const line = `${name}:${freeAfter(entries)}:${usualLength}`;
  throw new EngineError(
    'invalid',
    `Can't create ID mappings: no ${path.basename(file)} ranges found for user "${name}": add the line ${line} to ${file}, or start without --userns-remap`,
    { reason: 'userns.no-ranges', params: { user: name, file, line } },
  );
}

function freeAfter(entries: readonly string[][]): number {
  const ends = entries.map(([, start, count]) => Number(start) + Number(count)).filter(Number.isFinite);
  return Math.max(firstRange, ...ends);
}
