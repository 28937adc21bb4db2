import { errnoCode } from '../../base/libc.ts';
import { fileTypes, makeNodeAt, setAttribute } from '../../base/libc-files.ts';
import type { LayerDirectories } from './layer-directories.ts';
import { joinPath, nativeName, splitPath } from './layer-paths.ts';
import { entriesOf, removeEntry } from './trees.ts';

/** What a name beginning with `.wh.` says (OCI image spec, layer.md "Whiteouts"). */
export type Whiteout =
  | { kind: 'remove'; base: string }
  | { kind: 'opaque' }
  /** Bookkeeping of aufs, in old images. */
  | { kind: 'ignored' }
  | { kind: 'escapes' };

/** The whiteout that a file name stands for, or undefined for an ordinary name. */
export function whiteoutOf(base: string): Whiteout | undefined {
  if (!base.startsWith('.wh.')) return undefined;
  if (base === '.wh..wh..opq') return { kind: 'opaque' };
  if (base.startsWith('.wh..wh.')) return { kind: 'ignored' };
  const removed = base.slice('.wh.'.length);
  return removed === '' || removed === '.' || removed === '..'
    ? { kind: 'escapes' }
    : { kind: 'remove', base: removed };
}

/** What a layer takes away from its parents. It never takes away what the layer itself has, whatever the order. */
export interface Whiteouts {
  apply(whiteout: Whiteout, parent: string): void;
  /** The layer itself has made `path`. */
  made(path: string, directory: boolean): void;
  /** Hides what the parents have below `path`. */
  makeOpaque(path: string): void;
}

/** `overlay`: marks for overlayfs (kernel, filesystems/overlayfs.rst); `remove`: deletes in a copy of the parent. */
export function createWhiteouts(kind: 'overlay' | 'remove', directories: LayerDirectories): Whiteouts {
  return kind === 'overlay' ? overlayWhiteouts(directories) : removingWhiteouts(directories);
}

function overlayWhiteouts(directories: LayerDirectories): Whiteouts {
  const makeOpaque = (path: string) =>
    setAttribute(directories.descriptor(path), 'trusted.overlay.opaque', Buffer.from('y'));
  return {
    apply(whiteout, parent) {
      if (whiteout.kind === 'opaque') return makeOpaque(parent);
      if (whiteout.kind !== 'remove') return;
      const own = directories.status(parent, whiteout.base);
      if (!own) {
        makeNodeAt(directories.descriptor(parent), nativeName(whiteout.base), fileTypes.character, 0, 0);
      } else if ((own.mode & fileTypes.mask) === fileTypes.directory) makeOpaque(joinPath(parent, whiteout.base));
    },
    made: () => {},
    makeOpaque,
  };
}

function removingWhiteouts(directories: LayerDirectories): Whiteouts {
  const own = new Map<string, boolean>();
  const remove = (parent: string, base: string) => {
    const path = joinPath(parent, base);
    const isDirectory = own.get(path);
    if (isDirectory) return prune(path);
    if (isDirectory !== undefined) return;
    directories.forget(path);
    try {
      removeEntry(directories.descriptor(parent), base);
    } catch (error) {
      if (errnoCode(error) !== 'ENOENT') throw error;
    }
  };
  const prune = (path: string) => {
    for (const entry of entriesOf(directories.descriptor(path))) remove(path, entry);
  };
  return {
    apply(whiteout, parent) {
      if (whiteout.kind === 'opaque') prune(parent);
      else if (whiteout.kind === 'remove') remove(parent, whiteout.base);
    },
    made(path, directory) {
      own.set(path, directory);
      // what holds something of this layer's stays, and only loses the rest
      for (let { parent } = splitPath(path); parent !== '' && !own.get(parent); parent = splitPath(parent).parent) {
        own.set(parent, true);
      }
    },
    makeOpaque: () => {},
  };
}
