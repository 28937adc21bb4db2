import { closeSync, constants, openSync } from 'node:fs';
import { errnoCode } from '../../base/libc.ts';
import { attributesAt, type FileStatus, fileTypes, openAt, openBeneath, statusAt } from '../../base/libc-files.ts';
import { joinPath, nativeName } from '../snapshots/layer-paths.ts';
import type { LayerTarget } from '../snapshots/snapshotter.ts';
import { entriesOf } from '../snapshots/trees.ts';

/**
 * What a container has changed of its image, by the directories of its snapshot. The container may write meanwhile: what
 * vanishes is left out. Symlinks are never followed. Synchronous, for a worker.
 */

export interface TreeChange {
  /** Byte string (latin1), relative to the root, without a slash at its beginning. */
  path: string;
  kind: 'added' | 'modified' | 'deleted';
}

export interface ChangedTree {
  /** The container's own files. */
  directory: string;
  /** What lies beneath it, the nearest first: as an overlay; or the one that it began as a copy of. */
  beneath: { layers: readonly string[] } | { copied: string };
  /**
   * What the engine makes itself where a container is started, relative to the root: not the container's change, and neither
   * is the new time of the directory that it is in.
   */
  made: readonly string[];
}

/** What a snapshot's own files lie on. */
export function beneathOf({ lowers, copyOf }: Pick<LayerTarget, 'lowers' | 'copyOf'>): ChangedTree['beneath'] {
  if (copyOf !== undefined) return { copied: copyOf };
  return { layers: Array.isArray(lowers) ? (lowers as string[]) : [] };
}

const openDirectory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | 0o2000000;
const isDirectory = ({ mode }: FileStatus) => (mode & fileTypes.mask) === fileTypes.directory;
/** A character device 0:0 (kernel, filesystems/overlayfs.rst "whiteouts and opaque directories"). */
const isWhiteout = ({ mode, target }: FileStatus) =>
  (mode & fileTypes.mask) === fileTypes.character && target.major === 0 && target.minor === 0;
const opaqueNames = new Set(['trusted.overlay.opaque', 'user.overlay.opaque', 'user.fuseoverlayfs.opaque']);

/** Everything that differs, parents before what is in them. */
export function changesOf(tree: ChangedTree): TreeChange[] {
  const { beneath } = tree;
  const lowers = 'layers' in beneath ? beneath.layers : [beneath.copied];
  const opened: number[] = [];
  const open = (path: string) => {
    opened.push(openSync(path, openDirectory));
    return opened.at(-1) ?? -1;
  };
  try {
    const upper = open(tree.directory);
    const layers = lowers.map(open);
    const walk = new Walk(upper, layers, { isCopy: 'copied' in beneath, made: new Set(tree.made) });
    walk.directory(
      '',
      layers.map((_, index) => index),
    );
    return walk.changes;
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

class Walk {
  readonly changes: TreeChange[] = [];
  readonly #upper: number;
  readonly #layers: readonly number[];
  readonly #isCopy: boolean;
  readonly #made: ReadonlySet<string>;

  constructor(upper: number, layers: readonly number[], how: { isCopy: boolean; made: ReadonlySet<string> }) {
    this.#upper = upper;
    this.#layers = layers;
    this.#isCopy = how.isCopy;
    this.#made = how.made;
  }

  /** `shown`: the layers whose entries of this directory show through, by their number. */
  directory(path: string, shown: readonly number[]): void {
    const names = this.#namesIn(this.#upper, path);
    if (!names) return;
    const here = new Set(names);
    const hides = !this.#isCopy && this.#isOpaque(this.#upper, path);
    for (const name of [...names].sort()) this.#entry(joinPath(path, name), shown);
    if (!hides && !this.#isCopy) return;
    for (const name of this.#namesBeneath(path, shown)) {
      if (!here.has(name) && !isPart(name)) this.#tell(joinPath(path, name), 'deleted');
    }
  }

  #entry(path: string, shown: readonly number[]): void {
    const status = statusOf(this.#upper, path);
    if (!status || isPart(path.slice(path.lastIndexOf('/') + 1))) return;
    const before = this.#beneath(path, shown);
    if (!this.#isCopy && isWhiteout(status)) {
      if (before) this.#tell(path, 'deleted');
      return;
    }
    if (this.#made.has(path) && !before) {
      // of a mount point only what is in it can be somebody else's
      const at = this.changes.length;
      if (isDirectory(status)) this.directory(path, []);
      if (this.changes.length > at) this.changes.splice(at, 0, { path, kind: 'modified' });
      return;
    }
    if (!isDirectory(status)) {
      if (!this.#isCopy || !before || !isSame(status, before)) this.#tell(path, before ? 'modified' : 'added');
      return;
    }
    const wasDirectory = before !== undefined && isDirectory(before);
    const at = this.changes.length;
    this.directory(path, wasDirectory ? this.#shownIn(path, shown) : []);
    const inside = this.changes
      .slice(at)
      .some((change) => change.kind !== 'modified' && parentOf(change.path) === path);
    const differs = wasDirectory ? inside || !this.#isSameDirectory(path, status, before) : true;
    if (differs) this.changes.splice(at, 0, { path, kind: before ? 'modified' : 'added' });
  }

  #tell(path: string, kind: TreeChange['kind']): void {
    this.changes.push({ path, kind });
  }

  #isSameDirectory(path: string, now: FileStatus, before: FileStatus): boolean {
    if (!isSame({ ...now, modified: before.modified, size: before.size }, before)) return false;
    const { seconds, nanoseconds } = now.modified;
    if (seconds === before.modified.seconds && nanoseconds === before.modified.nanoseconds) return true;
    return [...this.#made].some((made) => parentOf(made) === path && statusOf(this.#upper, made) !== undefined);
  }

  /** What an entry was before, as its layers show it. */
  #beneath(path: string, shown: readonly number[]): FileStatus | undefined {
    for (const layer of shown) {
      const found = statusOf(this.#layers[layer] ?? -1, path);
      if (found) return this.#isCopy || !isWhiteout(found) ? found : undefined;
    }
    return undefined;
  }

  /** The layers that a directory shows. */
  #shownIn(path: string, shown: readonly number[]): number[] {
    const through: number[] = [];
    for (const layer of shown) {
      const descriptor = this.#layers[layer] ?? -1;
      const found = statusOf(descriptor, path);
      if (!found) continue;
      if (!isDirectory(found)) break;
      through.push(layer);
      if (this.#isOpaque(descriptor, path)) break;
    }
    return through;
  }

  #namesBeneath(path: string, shown: readonly number[]): string[] {
    const names = new Set(shown.flatMap((layer) => this.#namesIn(this.#layers[layer] ?? -1, path) ?? []));
    return [...names].filter((name) => this.#beneath(joinPath(path, name), shown)).sort();
  }

  #namesIn(top: number, path: string): string[] | undefined {
    return within(top, path, (descriptor) => entriesOf(descriptor).filter((name) => name !== '.wh..wh..opq'));
  }

  #isOpaque(top: number, path: string): boolean {
    const marked = within(top, path, (descriptor) =>
      attributesAt(descriptor, '.').some(({ name, value }) => opaqueNames.has(name) && String(value) !== 'n'),
    );
    return marked === true || statusOf(top, joinPath(path, '.wh..wh..opq')) !== undefined;
  }
}

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** Bookkeeping of fuse-overlayfs and aufs. */
const isPart = (name: string) => name.startsWith('.wh..');

function isSame(now: FileStatus, before: FileStatus): boolean {
  return (
    now.mode === before.mode &&
    now.uid === before.uid &&
    now.gid === before.gid &&
    (isDirectory(now) || now.size === before.size) &&
    now.target.major === before.target.major &&
    now.target.minor === before.target.minor &&
    now.modified.seconds === before.modified.seconds &&
    now.modified.nanoseconds === before.modified.nanoseconds
  );
}

/** A descriptor of a directory below `top`, for as long as `work` takes; undefined where it is none. */
function within<T>(top: number, path: string, work: (descriptor: number) => T): T | undefined {
  let descriptor: number;
  try {
    descriptor = path === '' ? openAt(top, '.', openDirectory) : openBeneath(top, nativeName(path), openDirectory);
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

/** Status of the entry itself; undefined where there is none. */
function statusOf(top: number, path: string): FileStatus | undefined {
  return within(top, parentOf(path), (parent) => {
    try {
      return statusAt(parent, nativeName(path.slice(path.lastIndexOf('/') + 1)));
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}
