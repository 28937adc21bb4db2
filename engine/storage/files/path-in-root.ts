import { closeSync, constants } from 'node:fs';
import { EngineError } from '../../base/errors.ts';
import { errnoCode, openPathOnly } from '../../base/libc.ts';
import { type FileStatus, fileTypes, readLinkAt, statusAt } from '../../base/libc-files.ts';
import { openInRoot } from '../../base/libc-open-beneath.ts';

/**
 * Paths of another system's root that may be written to meanwhile, by somebody hostile: the kernel resolves them in there
 * (openat2(2), RESOLVE_IN_ROOT). Synchronous, for a worker.
 */

/** What Docker tells of a path before it is copied. */
export interface PathStatus {
  /** Last component of the path. */
  name: string;
  /** As `st_mode`. */
  mode: number;
  /** Bytes. */
  size: number;
  modified: FileStatus['modified'];
  /** Where a symlink leads in the end, as far as there is something; empty of anything else. */
  linkTarget: string;
}

/** As the kernel: so many symlinks in one path, then ELOOP. */
const mostSymlinks = 40;

const components = (path: string) => path.split('/').filter((part) => part !== '' && part !== '.');

/** Absolute, without `.`, `..` and doubled slashes, but with the slash or `/.` that it ends with (moby, "PreserveTrailingDotOrSeparator"). */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of components(path)) {
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  const clean = `/${parts.join('/')}`;
  if (clean === '/') return /(^|\/)\.$/.test(path) ? '/.' : '/';
  if (/\/\.$/.test(path)) return `${clean}/.`;
  return path.endsWith('/') ? `${clean}/` : clean;
}

/** The last component as Go's filepath.Base has it. */
export function baseName(path: string): string {
  const bare = path.replace(/\/+$/, '');
  return bare === '' ? '/' : bare.slice(bare.lastIndexOf('/') + 1);
}

/** As openat2(2), and what it says of a path in words. @throws EngineError `not-found`, `invalid` */
function open(root: number, path: string, flags: number): number {
  try {
    return openInRoot(root, path, flags);
  } catch (error) {
    throw pathFailure(error, path);
  }
}

const reasonsOfPaths: Readonly<Record<string, string>> = {
  ENOTDIR: 'not a directory',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long',
};

function pathFailure(error: unknown, path: string): unknown {
  const code = errnoCode(error) ?? '';
  const words = reasonsOfPaths[code];
  if (words) return new EngineError('invalid', `lstat ${path}: ${words}`, { cause: error });
  if (code !== 'ENOENT') return error;
  return new EngineError('not-found', `Could not find the file ${path}`, { cause: error });
}

/** Status of what `path` (clean) is itself; with a slash at its end of what it leads to. */
export function statInRoot(root: number, path: string): PathStatus {
  const descriptor = open(root, path, openPathOnly | constants.O_NOFOLLOW);
  try {
    const { mode, size, modified } = statusAt(descriptor, '');
    const isLink = (mode & fileTypes.mask) === fileTypes.symlink;
    return { name: baseName(path), mode, size, modified, linkTarget: isLink ? followInRoot(root, path) : '' };
  } finally {
    closeSync(descriptor);
  }
}

/** Whether a path is a symlink, and to what; undefined where it is anything else, or nothing. */
function linkOf(root: number, path: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openInRoot(root, path, openPathOnly | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  try {
    if ((statusAt(descriptor, '').mode & fileTypes.mask) !== fileTypes.symlink) return undefined;
    return readLinkAt(descriptor, '').toString();
  } finally {
    closeSync(descriptor);
  }
}

/** The path that all symlinks lead to, as far as it exists. @throws EngineError `invalid` for a circle */
export function followInRoot(root: number, path: string): string {
  const rest = components(path);
  let current: string[] = [];
  let symlinks = 0;
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === '..') {
      current.pop();
      continue;
    }
    const next = [...current, part];
    const target = linkOf(root, `/${next.join('/')}`);
    if (target === undefined) {
      current = next;
      continue;
    }
    symlinks += 1;
    if (symlinks > mostSymlinks) throw new EngineError('invalid', `lstat ${path}: ${reasonsOfPaths.ELOOP}`);
    if (target.startsWith('/')) current = [];
    rest.unshift(...components(target));
  }
  return `/${current.join('/')}`;
}

/** What is to be archived, and how its names have to begin. */
export interface OpenedSource {
  status: PathStatus;
  /** The directory itself, or the one that the file is in; to be closed by the caller. */
  directory: number;
  /** Name in `directory`: `.`, or the file's. */
  member: string;
}

/** Opens what GET …/archive gives. */
export function openSource(root: number, path: string): OpenedSource {
  const status = statInRoot(root, path);
  if ((status.mode & fileTypes.mask) === fileTypes.directory) {
    return { status, directory: open(root, path, constants.O_RDONLY | constants.O_DIRECTORY), member: '.' };
  }
  const parent = path.slice(0, path.lastIndexOf('/')) || '/';
  return {
    status,
    directory: open(root, parent, constants.O_RDONLY | constants.O_DIRECTORY),
    member: status.name,
  };
}

/** The directory that an archive is unpacked to, with all symlinks followed. @throws EngineError `not-found`, `invalid` */
export function destinationInRoot(root: number, path: string): string {
  const descriptor = open(root, path, openPathOnly);
  try {
    const { mode } = statusAt(descriptor, '');
    if ((mode & fileTypes.mask) === fileTypes.directory) return followInRoot(root, path);
    throw new EngineError('invalid', 'extraction point is not a directory');
  } finally {
    closeSync(descriptor);
  }
}
