import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import type { Digest } from '../../base/digest.ts';
import { errnoCode } from '../../base/libc.ts';
import { tarEntryHeader } from '../../base/tar-entry-writer.ts';
import { tarEnd, tarPadding } from '../../base/tar-header.ts';
import type { TarEntry } from '../../base/tar-parser.ts';
import { splitPath } from '../snapshots/layer-paths.ts';
import { chunkSize, FileEntries, OpenDirectories, openFileAt } from './file-entries.ts';
import type { TreeChange } from './tree-changes.ts';

export interface PackRequest {
  /** Root of the filesystem as the container sees it, without its mounts; open. */
  root: number;
  changes: readonly TreeChange[];
  /** That is there, and is written to. */
  file: string;
}

/**
 * Changes as a layer (OCI image spec, layer.md), whiteouts first in their directory; sparse files are written whole, as the
 * spec advises: not every reader knows them. What vanishes meanwhile is left out, a file that becomes shorter is filled with
 * zeros; no symlink is followed. Synchronous, for a worker.
 */
export function packChanges({ root, changes, file }: PackRequest): { digest: Digest; size: number } {
  const output = openSync(file, constants.O_WRONLY | constants.O_TRUNC);
  const hash = createHash('sha256');
  let size = 0;
  const gathered = Buffer.alloc(chunkSize * 4);
  let filled = 0;
  const put = (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(output, bytes, done);
    hash.update(bytes);
    size += bytes.length;
  };
  const flush = () => {
    put(gathered.subarray(0, filled));
    filled = 0;
  };
  // small files are many: each write and each hash costs as much as some kilobytes
  const write = (bytes: Uint8Array) => {
    if (filled + bytes.length > gathered.length) flush();
    if (bytes.length >= gathered.length) return put(bytes);
    gathered.set(bytes, filled);
    filled += bytes.length;
  };
  const directories = new OpenDirectories(root);
  try {
    const packer = new Packer(directories, write);
    for (const change of changes) packer.add(change);
    write(tarEnd());
    flush();
    return { digest: `sha256:${hash.digest('hex')}`, size };
  } finally {
    directories.close();
    closeSync(output);
  }
}

class Packer {
  readonly #directories: OpenDirectories;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #buffer = Buffer.alloc(chunkSize);
  readonly #entries = new FileEntries();

  constructor(directories: OpenDirectories, write: (bytes: Uint8Array) => void) {
    this.#directories = directories;
    this.#write = write;
  }

  add({ path, kind }: TreeChange): void {
    const { parent, base } = splitPath(path);
    if (kind === 'deleted') {
      this.#write(tarEntryHeader(whiteout(parent === '' ? '' : `${parent}/`, base)));
      return;
    }
    try {
      this.#entry(this.#directories.at(parent), base, path);
    } catch (error) {
      unlessGone(error);
    }
  }

  #entry(directory: number, base: string, path: string): void {
    const entry = this.#entries.read(directory, base, path);
    if (entry?.type === 'file') this.#openFile(directory, base, entry);
    else if (entry) this.#write(tarEntryHeader(entry.type === 'directory' ? { ...entry, name: `${path}/` } : entry));
  }

  #openFile(directory: number, base: string, entry: TarEntry): void {
    const descriptor = openFileAt(directory, base);
    try {
      this.#file(descriptor, entry);
    } finally {
      closeSync(descriptor);
    }
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

const whiteout = (prefix: string, base: string): TarEntry => ({
  ...{ name: `${prefix}.wh.${base}`, type: 'file', mode: 0, uid: 0, gid: 0, size: 0, link: '' },
  ...{ modified: { seconds: 0, nanoseconds: 0 }, device: { major: 0, minor: 0 }, attributes: [] },
});

/** @throws anything but that it is not there any more, or is something else now */
function unlessGone(error: unknown): void {
  if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV', 'ESTALE'].includes(errnoCode(error) ?? '')) throw error;
}
