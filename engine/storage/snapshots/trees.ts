import { closeSync, constants, copyFileSync, fchmodSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { errnoCode } from '../../base/libc.ts';
import {
  attributesAt,
  changeOwner,
  changeOwnerAt,
  changeTimes,
  changeTimesAt,
  type FileStatus,
  fileTypes,
  makeDirectoryAt,
  makeLinkAt,
  makeNodeAt,
  makeSymlinkAt,
  openAt,
  readLinkAt,
  setAttribute,
  setAttributeAt,
  statusAt,
  unlinkAt,
} from '../../base/libc-files.ts';
import { nativeName } from './layer-paths.ts';
import { writeData } from './new-file.ts';

/** Whole directory trees; synchronous, for a worker. Symlinks are never followed. */

const openDirectory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | 0o2000000;
const openFile = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | 0o2000000;

/** Names in an open directory, as byte strings (latin1). */
export function entriesOf(directory: number): string[] {
  return readdirSync(`/proc/self/fd/${directory}`, { encoding: 'latin1' });
}

function within<T>(directory: number, base: string, work: (descriptor: number) => T): T {
  const descriptor = openAt(directory, nativeName(base), openDirectory);
  try {
    return work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Removes an entry of an open directory with everything below it.
 * @param mountId of the directory: what is mounted at the entry or below stays; the kernel knows only the mounts of this namespace
 * @throws SystemError ENOENT, EBUSY
 */
export function removeEntry(directory: number, base: string, mountId?: bigint): void {
  if (mountId !== undefined && statusAt(directory, nativeName(base)).mountId !== mountId) throw isMounted();
  try {
    unlinkAt(directory, nativeName(base));
    return;
  } catch (error) {
    if (errnoCode(error) !== 'EISDIR') throw error;
  }
  within(directory, base, (descriptor) => {
    for (const entry of entriesOf(descriptor)) removeEntry(descriptor, entry, mountId);
  });
  unlinkAt(directory, nativeName(base), { directory: true });
}

const isMounted = () => Object.assign(new Error('unlinkat: EBUSY'), { code: 'EBUSY', syscall: 'unlinkat' });

/** Removes a tree; nothing there is fine. */
export function removeTree(path: string): void {
  let parent: number;
  try {
    parent = openSync(path.slice(0, path.lastIndexOf('/')) || '/', openDirectory);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return;
    throw error;
  }
  try {
    removeEntry(parent, Buffer.from(path.slice(path.lastIndexOf('/') + 1)).toString('latin1'));
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw error;
  } finally {
    closeSync(parent);
  }
}

/** Bytes of the files and symlinks (their length, a hardlinked one once) and inodes, the top directory left out. */
export function measureTree(path: string): { bytes: number; inodes: number } {
  const seen = new Set<bigint>();
  let bytes = 0;
  let inodes = 0;
  const walk = (directory: number) => {
    for (const base of entriesOf(directory)) {
      const status = statusIfThere(directory, base);
      if (!status) continue;
      const type = status.mode & fileTypes.mask;
      if (type === fileTypes.directory) within(directory, base, walk);
      else if (status.links > 1) {
        if (seen.has(status.inode)) continue;
        seen.add(status.inode);
      }
      inodes += 1;
      if (type === fileTypes.regular || type === fileTypes.symlink) bytes += status.size;
    }
  };
  const top = openSync(path, openDirectory);
  try {
    walk(top);
  } finally {
    closeSync(top);
  }
  return { bytes, inodes };
}

/** A container may be writing there. */
function statusIfThere(directory: number, base: string): FileStatus | undefined {
  try {
    return statusAt(directory, nativeName(base));
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Copies what is in `from` into the empty directory `to`, whose own metadata becomes `from`'s: owner, mode, times,
 * hardlinks, devices and extended attributes are kept.
 */
export function copyTree(from: string, to: string): void {
  const source = openSync(from, openDirectory);
  try {
    const target = openSync(to, openDirectory);
    try {
      copyInto(source, target, new Map(), target);
      finishDirectory(source, target);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Inode -> path below the top of the copy. */
type Linked = Map<bigint, string>;

function copyInto(source: number, target: number, linked: Linked, top: number, prefix = ''): void {
  for (const base of entriesOf(source)) {
    const status = statusAt(source, nativeName(base));
    const path = prefix + base;
    const type = status.mode & fileTypes.mask;
    if (type === fileTypes.directory) {
      makeDirectoryAt(target, nativeName(base), 0o700);
      within(source, base, (from) =>
        within(target, base, (to) => {
          copyInto(from, to, linked, top, `${path}/`);
          finishDirectory(from, to);
        }),
      );
      continue;
    }
    const first = status.links > 1 ? linked.get(status.inode) : undefined;
    if (first !== undefined) {
      makeLinkAt(top, nativeName(first), target, nativeName(base));
      continue;
    }
    if (status.links > 1) linked.set(status.inode, path);
    if (type === fileTypes.regular) copyFile(source, target, base, status);
    else copyNode(source, target, base, status);
  }
}

function finishDirectory(source: number, target: number): void {
  const status = statusAt(source, '');
  changeOwner(target, status.uid, status.gid);
  fchmodSync(target, status.mode & 0o7777);
  for (const { name, value } of attributesAt(source, '.')) setAttribute(target, name, value);
  changeTimes(target, status.modified);
}

function copyFile(source: number, target: number, base: string, status: FileStatus): void {
  const name = Buffer.from(base, 'latin1');
  const path = (directory: number) => Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), name]);
  if (isSparse(path(source), status.size)) copySparse(path(source), path(target), status.size);
  else copyFileSync(path(source), path(target), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const descriptor = openAt(target, nativeName(base), openFile);
  try {
    changeOwner(descriptor, status.uid, status.gid);
    fchmodSync(descriptor, status.mode & 0o7777);
    for (const { name: attribute, value } of attributesAt(source, nativeName(base))) {
      setAttribute(descriptor, attribute, value);
    }
    changeTimes(descriptor, status.modified);
  } finally {
    closeSync(descriptor);
  }
}

/** Of short files it is not asked. */
const isSparse = (path: Buffer, size: number) => size >= copied.length && lstatSync(path).blocks * 512 < size;

const copied = Buffer.alloc(64 << 10);

/** copyFile(3) would fill the holes. */
function copySparse(from: Buffer, to: Buffer, size: number): void {
  const source = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const file = { descriptor: openSync(to, 'wx'), at: 0 };
    try {
      for (let read = copied.length; file.at < size && read > 0; ) {
        read = readSync(source, copied, 0, copied.length, file.at);
        writeData(file, copied.subarray(0, read));
      }
    } finally {
      closeSync(file.descriptor);
    }
  } finally {
    closeSync(source);
  }
}

function copyNode(source: number, target: number, base: string, status: FileStatus): void {
  const name = nativeName(base);
  if ((status.mode & fileTypes.mask) === fileTypes.symlink) {
    makeSymlinkAt(Buffer.concat([readLinkAt(source, name), Buffer.of(0)]), target, name);
  } else makeNodeAt(target, name, status.mode, status.target.major, status.target.minor);
  changeOwnerAt(target, name, status.uid, status.gid);
  for (const attribute of attributesAt(source, name)) setAttributeAt(target, name, attribute.name, attribute.value);
  changeTimesAt(target, name, status.modified);
}
