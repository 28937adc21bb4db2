import { closeSync, constants } from 'node:fs';
import { attributesAt, fileTypes, openAt, openBeneath, readLinkAt, statusAt } from '../../base/libc-files.ts';
import type { TarEntry } from '../../base/tar-parser.ts';
import { nativeName } from '../snapshots/layer-paths.ts';

const directoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | 0o2000000;
const fileFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | 0o2000000;

/** Bytes that are read at once. */
export const chunkSize = 256 * 1024;

/** A directory of a root by its clean path, no symlink followed. */
const openDirectoryIn = (root: number, path: string): number =>
  path === '' ? openAt(root, '.', directoryFlags) : openBeneath(root, nativeName(path), directoryFlags);

/** Directories of a root, one after the other: most files lie beside the one before. */
export class OpenDirectories {
  readonly #root: number;
  #open: { path: string; descriptor: number } | undefined;

  constructor(root: number) {
    this.#root = root;
  }

  /** Open until the next one is asked for. */
  at(path: string): number {
    if (this.#open?.path === path) return this.#open.descriptor;
    this.close();
    this.#open = { path, descriptor: openDirectoryIn(this.#root, path) };
    return this.#open.descriptor;
  }

  close(): void {
    if (this.#open) closeSync(this.#open.descriptor);
    this.#open = undefined;
  }
}

/** Opens a regular file for reading; the caller closes it. */
export const openFileAt = (directory: number, base: string): number => openAt(directory, nativeName(base), fileFlags);

const types: Readonly<Record<number, TarEntry['type']>> = {
  [fileTypes.regular]: 'file',
  [fileTypes.directory]: 'directory',
  [fileTypes.symlink]: 'symlink',
  [fileTypes.character]: 'character',
  [fileTypes.block]: 'block',
  [fileTypes.fifo]: 'fifo',
};

/** Reads what is on the disk as entries of an archive; of a file with several names the later ones are hard links. */
export class FileEntries {
  /** First names of files with several, by device and inode. */
  readonly #linked = new Map<string, string>();

  /** @param name it gets; @returns undefined for a socket, which no archive holds */
  read(directory: number, base: string, name: string): TarEntry | undefined {
    const native = nativeName(base);
    const status = statusAt(directory, native);
    const type = types[status.mode & fileTypes.mask];
    if (!type) return undefined;
    const { mode, uid, gid, modified, target: device } = status;
    const about = { name, mode: mode & 0o7777, uid, gid, modified, device };
    const first = type === 'directory' || status.links < 2 ? undefined : this.#firstName(status, name);
    if (first !== undefined) return { ...about, type: 'hardlink', link: first, size: 0, attributes: [] };
    const link = type === 'symlink' ? readLinkAt(directory, native).toString('latin1') : '';
    const attributes = attributesAt(directory, native).filter((attribute) => isKept(attribute.name));
    return { ...about, type, link, size: type === 'file' ? status.size : 0, attributes };
  }

  #firstName({ inode, device }: { inode: bigint | number; device: { major: number; minor: number } }, name: string) {
    const key = `${device.major}:${device.minor}:${inode}`;
    const first = this.#linked.get(key);
    if (first === undefined) this.#linked.set(key, name);
    return first;
  }
}

/** What says nothing outside of this machine stays here: overlay's own marks, labels of SELinux, lists of access. */
const isKept = (attribute: string) =>
  attribute === 'security.capability' ||
  (attribute.startsWith('user.') && !/^user\.(overlay|fuseoverlayfs)\./.test(attribute));
