import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import type { Digest } from '../../base/digest.ts';
import { errnoCode } from '../../base/libc.ts';
import {
  attributesAt,
  type FileName,
  type FileStatus,
  fileTypes,
  openAt,
  openBeneath,
  readLinkAt,
  statusAt,
} from '../../base/libc-files.ts';
import { tarEntryHeader } from '../../base/tar-entry-writer.ts';
import { tarEnd, tarPadding } from '../../base/tar-header.ts';
import type { TarEntry } from '../../base/tar-parser.ts';
import { nativeName, splitPath } from '../snapshots/layer-paths.ts';
import type { TreeChange } from './tree-changes.ts';

export interface PackRequest {
  /** Root of the filesystem as the container sees it, without its mounts; open. */
  root: number;
  changes: readonly TreeChange[];
  /** That is there, and is written to. */
  file: string;
}

const openDirectory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | 0o2000000;
const openFile = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | 0o2000000;
const chunkSize = 256 * 1024;

/**
 * Changes as a layer (OCI image spec, layer.md), whiteouts first in their directory; sparse files are written whole, as the
 * spec advises: not every reader knows them. What vanishes meanwhile is left out, a file that becomes shorter is filled with
 * zeros; no symlink is followed. Synchronous, for a worker.
 */
export function packChanges({ root, changes, file }: PackRequest): { digest: Digest; size: number } {
  const output = openSync(file, constants.O_WRONLY | constants.O_TRUNC);
  const hash = createHash('sha256');
  let size = 0;
  const write = (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(output, bytes, done);
    hash.update(bytes);
    size += bytes.length;
  };
  try {
    const packer = new Packer(root, write);
    for (const change of changes) packer.add(change);
    write(tarEnd());
    return { digest: `sha256:${hash.digest('hex')}`, size };
  } finally {
    closeSync(output);
  }
}

const types: Readonly<Record<number, TarEntry['type']>> = {
  [fileTypes.regular]: 'file',
  [fileTypes.directory]: 'directory',
  [fileTypes.symlink]: 'symlink',
  [fileTypes.character]: 'character',
  [fileTypes.block]: 'block',
  [fileTypes.fifo]: 'fifo',
};

class Packer {
  readonly #root: number;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #buffer = Buffer.alloc(chunkSize);
  /** First names of files with several. */
  readonly #linked = new Map<string, string>();

  constructor(root: number, write: (bytes: Uint8Array) => void) {
    this.#root = root;
    this.#write = write;
  }

  add({ path, kind }: TreeChange): void {
    const { parent, base } = splitPath(path);
    if (kind === 'deleted') {
      this.#write(tarEntryHeader(whiteout(parent === '' ? '' : `${parent}/`, base)));
      return;
    }
    let directory: number;
    try {
      directory =
        parent === ''
          ? openAt(this.#root, '.', openDirectory)
          : openBeneath(this.#root, nativeName(parent), openDirectory);
    } catch (error) {
      unlessGone(error);
      return;
    }
    try {
      this.#entry(directory, base, path);
    } catch (error) {
      unlessGone(error);
    } finally {
      closeSync(directory);
    }
  }

  #entry(directory: number, base: string, path: string): void {
    const name = nativeName(base);
    const status = statusAt(directory, name);
    const type = types[status.mode & fileTypes.mask];
    // sockets
    if (!type) return;
    const link = type === 'symlink' ? readLinkAt(directory, name).toString('latin1') : '';
    const attributes = attributesAt(directory, name).filter((attribute) => isKept(attribute.name));
    const entry = { ...entryOf(path, status), type, link, attributes };
    const first = type === 'directory' ? undefined : this.#firstName(status, path);
    if (type === 'directory') this.#write(tarEntryHeader({ ...entry, name: `${path}/` }));
    else if (first !== undefined) {
      this.#write(tarEntryHeader({ ...entry, type: 'hardlink', link: first, attributes: [] }));
    } else if (type !== 'file') this.#write(tarEntryHeader(entry));
    else this.#openFile(directory, name, { ...entry, size: status.size });
  }

  #openFile(directory: number, name: FileName, entry: TarEntry): void {
    const descriptor = openAt(directory, name, openFile);
    try {
      this.#file(descriptor, entry);
    } finally {
      closeSync(descriptor);
    }
  }

  #firstName({ links, inode, device }: FileStatus, path: string): string | undefined {
    if (links < 2) return undefined;
    const key = `${device.major}:${device.minor}:${inode}`;
    const first = this.#linked.get(key);
    if (first === undefined) this.#linked.set(key, path);
    return first;
  }

  #file(descriptor: number, entry: TarEntry): void {
    this.#write(tarEntryHeader(entry));
    for (let at = 0; at < entry.size; ) {
      const read = readSync(descriptor, this.#buffer, 0, Math.min(chunkSize, entry.size - at), at);
      const length = read > 0 ? read : Math.min(chunkSize, entry.size - at);
      if (read === 0) this.#buffer.fill(0, 0, length);
      this.#write(this.#buffer.subarray(0, length));
      at += length;
    }
    this.#write(tarPadding(entry.size));
  }
}

function entryOf(name: string, { mode, uid, gid, modified, target }: FileStatus): Omit<TarEntry, 'type' | 'link'> {
  return { name, mode: mode & 0o7777, uid, gid, size: 0, modified, device: target, attributes: [] };
}

const whiteout = (prefix: string, base: string): TarEntry => ({
  ...{ name: `${prefix}.wh.${base}`, type: 'file', mode: 0, uid: 0, gid: 0, size: 0, link: '' },
  ...{ modified: { seconds: 0, nanoseconds: 0 }, device: { major: 0, minor: 0 }, attributes: [] },
});

/** What says nothing outside of this machine stays here: overlay's own marks, labels of SELinux, lists of access. */
export const isKept = (attribute: string) =>
  attribute === 'security.capability' ||
  (attribute.startsWith('user.') && !/^user\.(overlay|fuseoverlayfs)\./.test(attribute));

/** @throws anything but that it is not there any more, or is something else now */
function unlessGone(error: unknown): void {
  if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV', 'ESTALE'].includes(errnoCode(error) ?? '')) throw error;
}
