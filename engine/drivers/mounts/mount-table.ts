import { readFileSync } from 'node:fs';

/** One line of /proc/PID/mountinfo, proc_pid_mountinfo(5). */
export interface MountEntry {
  id: number;
  /** Directory of the filesystem that is the root of this mount: `/`, or what was bound. */
  root: string;
  target: string;
  type: string;
  source: string;
  /** The mount's flags and the filesystem's own, as written there. */
  options: readonly string[];
  superOptions: string;
  /** `major:minor` of the filesystem. */
  device: string;
  /** Propagates to or from other mounts; false = private. */
  shared: boolean;
  /** Number of the peer group to whose members it propagates, across namespaces; undefined = to none. */
  peerGroup: number | undefined;
  /** Number of the peer group that propagates to it alone. */
  masterGroup: number | undefined;
}

const unescapeOctal = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

function parseLine(line: string): MountEntry | undefined {
  const [left, right] = line.split(' - ', 2);
  const [id, , device, root, target, options, ...tags] = (left ?? '').split(' ');
  const [type, source, superOptions] = (right ?? '').split(' ');
  const [peerGroup, masterGroup] = ['shared:', 'master:'].map((word) => {
    const tag = tags.find((one) => one.startsWith(word));
    return tag === undefined ? undefined : Number(tag.slice(word.length));
  });
  if (!id || !device || !root || !target || !options || !type) return undefined;
  return {
    id: Number(id),
    device,
    root: unescapeOctal(root),
    target: unescapeOctal(target),
    options: options.split(','),
    type,
    source: unescapeOctal(source ?? ''),
    superOptions: unescapeOctal(superOptions ?? ''),
    shared: peerGroup !== undefined || masterGroup !== undefined,
    peerGroup,
    masterGroup,
  };
}

/** The text of a mountinfo file as entries, in mount order: of two at one target the later is on top. */
export function parseMountTable(text: string): MountEntry[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

/** Mounts that a process sees; an empty list when it has ended. */
export function readMountTable(pid: number | 'self' = 'self'): MountEntry[] {
  try {
    return parseMountTable(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
  } catch (error) {
    if (pid === 'self') throw error;
    return [];
  }
}

/** The topmost mount at exactly this path. */
export function mountAt(table: readonly MountEntry[], target: string): MountEntry | undefined {
  return table.findLast((entry) => entry.target === target);
}

/** The mount that a path without symlinks lies on. */
export function mountCovering(table: readonly MountEntry[], name: string): MountEntry | undefined {
  const covers = ({ target }: MountEntry) => target === '/' || name === target || name.startsWith(`${target}/`);
  return table.reduce<MountEntry | undefined>((best, entry) => {
    return covers(entry) && entry.target.length >= (best?.target.length ?? 0) ? entry : best;
  }, undefined);
}

/** Mounts at or below a directory, the deepest and latest first: the order to unmount them in. */
export function mountsBelow(table: readonly MountEntry[], directory: string): MountEntry[] {
  const prefix = directory.endsWith('/') ? directory : `${directory}/`;
  return table.filter((entry) => entry.target === directory || entry.target.startsWith(prefix)).reverse();
}

/** The upper directory of an overlay, as it was given to mount(2). */
export function upperDirectory(entry: MountEntry): string | undefined {
  if (entry.type !== 'overlay') return undefined;
  return entry.superOptions.match(/(?:^|,)upperdir=((?:[^,\\]|\\.)*)/)?.[1]?.replace(/\\(.)/g, '$1');
}
