import { createHash } from 'node:crypto';
import { closeSync, constants, readSync } from 'node:fs';
import { errnoCode } from '../../base/libc.ts';
import { type FileStatus, fileTypes, openAt, openBeneath, readLinkAt, statusAt } from '../../base/libc-files.ts';
import { type PathFilter, pathFilter, pathPattern } from '../../base/path-patterns.ts';
import { joinPath, nativeName, splitPath } from '../snapshots/layer-paths.ts';
import { entriesOf } from '../snapshots/trees.ts';
import { followInRoot } from './path-in-root.ts';

/** Which files of a root something is made of. Paths are byte strings (latin1), relative to the root, clean; '' is the root. */
export interface SelectRequest {
  /** Open. */
  root: number;
  /** Paths and patterns (base/path-patterns.ts), as people write them. */
  sources: readonly string[];
  /** Patterns of what counts as not there. */
  ignore: readonly string[];
  /** Patterns of what is left out below the sources. */
  exclude: readonly string[];
}

export interface SelectedSource {
  /** With all symlinks followed. */
  path: string;
  /** Last part of the path that was asked for. */
  name: string;
  isDirectory: boolean;
  files: readonly SelectedFile[];
}

/** A file or directory, parents before what is in them. */
export interface SelectedFile {
  /** Below the source; '' is the source itself. */
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'other';
  mode: number;
  uid: number;
  gid: number;
  /** sha256 of a file's bytes, or what a symlink says. */
  content: string;
}

/** A source of which nothing is there; `rule`: the pattern that hides it. */
export interface MissingSource {
  missing: string;
  rule?: string;
}

const openDirectory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | 0o2000000;
const openFile = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | 0o2000000;
const chunkSize = 256 * 1024;
const isDirectory = ({ mode }: FileStatus) => (mode & fileTypes.mask) === fileTypes.directory;

/**
 * Finds the files and hashes what is in them. A source that is a symlink is followed, within the root; one below a source is
 * taken as it is. Synchronous, for a worker.
 * @throws PatternError
 */
export function selectFiles({ root, sources, ignore, exclude }: SelectRequest): (SelectedSource | MissingSource)[] {
  const selection = new Selection(root, pathFilter(ignore), pathFilter(exclude));
  return sources.flatMap((source) => selection.source(Buffer.from(source).toString('latin1')));
}

class Selection {
  readonly #root: number;
  readonly #ignored: PathFilter;
  readonly #excluded: PathFilter;
  readonly #buffer = Buffer.alloc(chunkSize);

  constructor(root: number, ignored: PathFilter, excluded: PathFilter) {
    this.#root = root;
    this.#ignored = ignored;
    this.#excluded = excluded;
  }

  source(written: string): (SelectedSource | MissingSource)[] {
    const parts = cleanParts(written);
    const paths = parts.some((part) => /[*?[\\]/.test(part)) ? this.#matches(parts) : [parts.join('/')];
    const found = paths.flatMap((path) => this.#found(path) ?? []);
    if (found.length > 0) return found;
    const rule = this.#ignored.excludedBy(parts.join('/'));
    const missing = Buffer.from(written, 'latin1').toString();
    return [rule !== undefined && this.#statusOf(parts.join('/')) ? { missing, rule } : { missing }];
  }

  #found(asked: string): SelectedSource | undefined {
    const path = followInRoot(this.#root, `/${Buffer.from(asked, 'latin1').toString()}`).slice(1);
    const place = Buffer.from(path).toString('latin1');
    const status = this.#statusOf(place);
    if (!status || this.#isIgnored(place, status)) return undefined;
    const files: SelectedFile[] = [];
    this.#take(files, { top: place, below: '' }, status);
    return { path: place, name: splitPath(asked).base, isDirectory: isDirectory(status), files };
  }

  #isIgnored(path: string, status: FileStatus): boolean {
    if (path === '' || this.#ignored.excludedBy(path) === undefined) return false;
    return !(isDirectory(status) && this.#ignored.mayComeBack(path));
  }

  #take(files: SelectedFile[], { top, below }: { top: string; below: string }, status: FileStatus): void {
    const path = below === '' ? top : joinPath(top, below);
    if (below !== '' && this.#excluded.excludedBy(below) !== undefined) return;
    files.push({ path: below, ...this.#entry(path, status) });
    if (!isDirectory(status)) return;
    const at = files.length;
    for (const name of this.#names(path).sort()) {
      const inside = joinPath(path, name);
      const found = this.#statusOf(inside);
      if (found && !this.#isIgnored(inside, found)) this.#take(files, { top, below: joinPath(below, name) }, found);
    }
    // a folder that is only there for what comes back in it
    if (path !== '' && below !== '' && files.length === at && this.#ignored.excludedBy(path) !== undefined) files.pop();
  }

  #entry(path: string, status: FileStatus): Omit<SelectedFile, 'path'> {
    const { mode, uid, gid } = status;
    const about = { mode: mode & 0o7777, uid, gid };
    const { parent, base } = splitPath(path);
    switch (mode & fileTypes.mask) {
      case fileTypes.directory:
        return { ...about, type: 'directory', content: '' };
      case fileTypes.symlink:
        return {
          ...about,
          type: 'symlink',
          content:
            this.#within(parent, (directory) => readLinkAt(directory, nativeName(base)).toString('latin1')) ?? '',
        };
      case fileTypes.regular:
        return { ...about, type: 'file', content: this.#hash(parent, base) };
      default:
        return {
          ...about,
          type: 'other',
          content: `${mode & fileTypes.mask} ${status.target.major} ${status.target.minor}`,
        };
    }
  }

  #hash(parent: string, base: string): string {
    const hash = createHash('sha256');
    this.#within(parent, (directory) => {
      const descriptor = openAt(directory, nativeName(base), openFile);
      try {
        for (let read = -1; read !== 0; ) {
          read = readSync(descriptor, this.#buffer, 0, chunkSize, null);
          hash.update(this.#buffer.subarray(0, read));
        }
      } finally {
        closeSync(descriptor);
      }
    });
    return hash.digest('hex');
  }

  /** Existing paths that fit a pattern, part by part. */
  #matches(parts: readonly string[]): string[] {
    let reached = [''];
    for (const part of parts) {
      const expression = pathPattern(part.replaceAll('**', '*'));
      reached = reached.flatMap((path) =>
        this.#names(path)
          .filter((name) => expression.test(name))
          .sort()
          .map((name) => joinPath(path, name)),
      );
    }
    return reached.filter((path) => this.#ignored.excludedBy(path) === undefined);
  }

  #names(path: string): string[] {
    const place = followInRoot(this.#root, `/${Buffer.from(path, 'latin1').toString()}`).slice(1);
    return this.#within(Buffer.from(place).toString('latin1'), entriesOf) ?? [];
  }

  #statusOf(path: string): FileStatus | undefined {
    const { parent, base } = splitPath(path);
    try {
      return this.#within(parent, (directory) => statusAt(directory, base === '' ? '' : nativeName(base)));
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #within<T>(path: string, work: (directory: number) => T): T | undefined {
    let descriptor: number;
    try {
      descriptor =
        path === '' ? openAt(this.#root, '.', openDirectory) : openBeneath(this.#root, nativeName(path), openDirectory);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoCode(error) ?? '')) return undefined;
      throw error;
    }
    try {
      return work(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}

function cleanParts(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else parts.pop();
  }
  return parts;
}
