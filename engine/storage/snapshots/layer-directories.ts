import { closeSync, constants, fchmodSync, openSync } from 'node:fs';
import { errnoCode } from '../../base/libc.ts';
import {
  attributesAt,
  changeOwner,
  type FileStatus,
  fileTypes,
  makeDirectoryAt,
  openBeneath,
  readLinkAt,
  setAttribute,
  statusAt,
} from '../../base/libc-files.ts';
import { escapes, joinPath, nativeName, shown, splitPath } from './layer-paths.ts';

const openDirectory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | 0o2000000;
const mostOpen = 128;
/** As the kernel: so many symlinks in one path, then ELOOP. */
const mostSymlinks = 40;

export interface LayerDirectories {
  /**
   * The real directory that `path` names inside the root: symlinks are followed as if the root were `/`; what is
   * missing is made, like the parent layers' where they have it.
   * @throws EngineError `image.layer-escapes` where a relative symlink leads out of the root.
   */
  resolve(path: string): string;
  /** Descriptor of a directory from `resolve` or `made`; open until the next call of this object. */
  descriptor(path: string): number;
  /** Tells that `path` (below a resolved parent) is now a directory. */
  made(path: string): void;
  /** Tells that `path` and all below it is gone. */
  forget(path: string): void;
  /** Status of an entry, or undefined. */
  status(parent: string, base: string): FileStatus | undefined;
  close(): void;
}

export interface LayerDirectoriesOptions {
  root: string;
  /**
   * The parent layers' directories, nearest first, where they are not part of `root` (overlay); 'unknown' while they are not
   * there yet.
   */
  lowers: readonly string[] | 'unknown';
  /** Told of every directory made that no entry asked for, with what the parents say of it. */
  onImplied(path: string, status: FileStatus | undefined): void;
  /** Told of every directory that was there before (plain copies), as it was. */
  onFound(path: string, status: FileStatus): void;
}

/** The layer names something in a directory that only its parents can tell of, and they are not there yet. */
export class ParentsNeeded extends Error {
  constructor(path: string) {
    super(`${shown(path)} is not in the layer itself`);
    this.name = 'ParentsNeeded';
  }
}

/** What a name is in the parent layers. */
type Below =
  | { kind: 'directory' /** Descriptor of that layer. */; lower: number; status: FileStatus }
  | { kind: 'symlink'; target: string }
  | undefined;

/** The directories of one layer being unpacked: the only way its writer reaches the disk. */
export function openLayerDirectories(options: LayerDirectoriesOptions): LayerDirectories {
  return new OpenLayerDirectories(options);
}

class OpenLayerDirectories implements LayerDirectories {
  readonly #root: number;
  readonly #lowers: number[] = [];
  readonly #known = new Set(['']);
  readonly #open = new Map<string, number>();
  readonly #options: LayerDirectoriesOptions;

  constructor(options: LayerDirectoriesOptions) {
    this.#options = options;
    this.#root = openSync(options.root, openDirectory);
    try {
      const lowers = options.lowers === 'unknown' ? [] : options.lowers;
      for (const lower of lowers) this.#lowers.push(openSync(lower, openDirectory));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  resolve(path: string): string {
    if (this.#known.has(path)) return path;
    const rest = path.split('/');
    let current = '';
    let symlinks = 0;
    for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (current === '') throw escapes(path);
        current = splitPath(current).parent;
        continue;
      }
      const next = joinPath(current, part);
      const symlink = this.#step(next, current, part);
      if (symlink === undefined) {
        current = next;
        continue;
      }
      symlinks += 1;
      if (symlinks > mostSymlinks) throw Object.assign(new Error(`ELOOP: ${shown(path)}`), { code: 'ELOOP' });
      if (symlink.startsWith('/')) current = '';
      rest.unshift(...symlink.split('/'));
    }
    return current;
  }

  descriptor(path: string): number {
    if (path === '') return this.#root;
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size >= mostOpen) this.#drop(oldest);
    // The kernel checks once more what was resolved here: beneath the root, no symlink on the way.
    const opened = openBeneath(this.#root, nativeName(path), openDirectory);
    this.#open.set(path, opened);
    return opened;
  }

  made(path: string): void {
    this.#known.add(path);
  }

  forget(path: string): void {
    const isGone = (name: string) => name === path || name.startsWith(`${path}/`);
    for (const name of [...this.#known]) if (isGone(name)) this.#known.delete(name);
    for (const name of [...this.#open.keys()]) if (isGone(name)) this.#drop(name);
  }

  status(parent: string, base: string): FileStatus | undefined {
    return statusOrNothing(this.descriptor(parent), base);
  }

  close(): void {
    for (const open of [this.#root, ...this.#lowers, ...this.#open.values()]) closeSync(open);
    this.#open.clear();
  }

  #drop(path: string): void {
    const open = this.#open.get(path);
    this.#open.delete(path);
    if (open !== undefined) closeSync(open);
  }

  /** A component below a resolved directory: nothing to say of a directory, or the target of a symlink to go on with. */
  #step(path: string, parent: string, base: string): string | undefined {
    if (this.#known.has(path)) return undefined;
    const here = this.status(parent, base);
    const type = (here?.mode ?? 0) & fileTypes.mask;
    if (type === fileTypes.symlink) return readLinkAt(this.descriptor(parent), nativeName(base)).toString('latin1');
    if (!here) {
      if (this.#options.lowers === 'unknown') throw new ParentsNeeded(path);
      const below = lookBelow(this.#lowers, path);
      if (below?.kind === 'symlink') return below.target;
      this.#makeImplied(path, parent, base, below);
    } else if (type !== fileTypes.directory) {
      throw Object.assign(new Error(`ENOTDIR: ${shown(path)} is not a directory`), { code: 'ENOTDIR' });
    } else this.#options.onFound(path, here);
    this.#known.add(path);
    return undefined;
  }

  #makeImplied(path: string, parent: string, base: string, below: Extract<Below, { kind: 'directory' }> | undefined) {
    makeDirectoryAt(this.descriptor(parent), nativeName(base), 0o755);
    if (below) copyMetadata(below.lower, path, this.descriptor(path), below.status);
    this.#options.onImplied(path, below?.status);
  }
}

function statusOrNothing(directory: number, path: string): FileStatus | undefined {
  try {
    return statusAt(directory, nativeName(path));
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** As the overlay of `lowers` would show `path`: the nearest that has it counts, a whiteout or a file ends the search. */
function lookBelow(lowers: readonly number[], path: string): Below {
  for (const lower of lowers) {
    const found = lookInto(lower, path);
    if (found === 'hidden') return undefined;
    if (found?.kind === 'symlink') return found;
    if (found) return { ...found, lower };
  }
  return undefined;
}

type Found = { kind: 'directory'; status: FileStatus } | { kind: 'symlink'; target: string } | 'hidden' | undefined;

function lookInto(directory: number, path: string): Found {
  let opaque = false;
  let at = '';
  for (const part of path.split('/')) {
    at = joinPath(at, part);
    const status = statusOrNothing(directory, at);
    if (!status) return opaque ? 'hidden' : undefined;
    const type = status.mode & fileTypes.mask;
    if (at === path && type === fileTypes.directory) return { kind: 'directory', status };
    if (at === path && type === fileTypes.symlink) {
      return { kind: 'symlink', target: readLinkAt(directory, nativeName(at)).toString('latin1') };
    }
    if (type !== fileTypes.directory) return 'hidden';
    opaque ||= isOpaque(directory, at);
  }
  return undefined;
}

function isOpaque(directory: number, path: string): boolean {
  return attributesAt(directory, nativeName(path)).some(({ name }) => name === 'trusted.overlay.opaque');
}

function copyMetadata(lower: number, path: string, descriptor: number, status: FileStatus): void {
  changeOwner(descriptor, status.uid, status.gid);
  fchmodSync(descriptor, status.mode & 0o7777);
  for (const { name, value } of attributesAt(lower, nativeName(path))) {
    if (!name.startsWith('trusted.overlay.')) setAttribute(descriptor, name, value);
  }
}
