import { closeSync, readSync } from 'node:fs';
import { EngineError } from '../../base/errors.ts';
import { errnoCode, openPathOnly } from '../../base/libc.ts';
import { fileTypes, statusAt } from '../../base/libc-files.ts';
import { openInRoot } from '../../base/libc-open-beneath.ts';
import type { TarEntry } from '../../base/tar-parser.ts';
import { nativeName, splitPath } from '../snapshots/layer-paths.ts';
import { createExtractor, type Extractor } from './archive-extractor.ts';
import { chunkSize, FileEntries, OpenDirectories, openFileAt } from './file-entries.ts';
import { followInRoot } from './path-in-root.ts';

export interface CopyRequest {
  /** Open. */
  from: number;
  /** Paths in `from` (select-files.ts) and where they go in `to`, absolute; parents before what is in them. */
  files: readonly { source: string; target: string }[];
  /** Open. */
  to: number;
  /** Of everything; absent: as it was. */
  owner?: { uid: number; gid: number };
  /** Permission bits of everything but symlinks; absent: as they were. */
  mode?: number;
}

const now = () => ({ seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 });

/**
 * Copies files into another root: times, hard links and attributes stay, a directory that is there stays as it is. Directories
 * on the way that are missing are made, with the owner of everything. Synchronous, for a worker.
 * @throws EngineError `invalid` where a directory would take a file's place
 */
export function copyFiles(request: CopyRequest): void {
  const { to, owner } = request;
  const extractor = createExtractor({ root: to, destination: '/', keepKinds: true, ...(owner && { owner }) });
  const directories = new OpenDirectories(request.from);
  try {
    const copy = new Copy(request, extractor, directories);
    for (const { source, target } of request.files) copy.file(source, target);
    extractor.finish();
  } finally {
    directories.close();
    extractor.close();
  }
}

/** Makes a directory, and those above it, where there is none. Synchronous, for a worker. */
export function makeDirectories({ root, path, owner }: MakeDirectoriesRequest): void {
  const extractor = createExtractor({ root, destination: '/', keepKinds: true });
  try {
    makeMissing(root, extractor, { path, owner });
    extractor.finish();
  } finally {
    extractor.close();
  }
}

export interface MakeDirectoriesRequest {
  /** Open. */
  root: number;
  /** Absolute. */
  path: string;
  owner: { uid: number; gid: number };
}

/** @throws EngineError `invalid` where something else is on the way */
function makeMissing(root: number, extractor: Extractor, { path, owner }: Omit<MakeDirectoriesRequest, 'root'>): void {
  let reached = '';
  for (const part of path.split('/').filter(Boolean)) {
    reached = `${reached}/${part}`;
    const kind = kindOf(root, reached);
    if (kind === 'directory') continue;
    if (kind !== undefined) throw new EngineError('invalid', `cannot make the directory ${path}: ${reached} is a file`);
    // where a symlink leads that has no end yet
    const place = followInRoot(root, reached);
    extractor.entry({ ...directoryEntry(place.slice(1)), ...owner });
  }
}

function kindOf(root: number, path: string): 'directory' | 'other' | undefined {
  let descriptor: number;
  try {
    descriptor = openInRoot(root, nativeName(path), openPathOnly);
  } catch (error) {
    if (errnoCode(error) === 'ENOTDIR') return 'other';
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return (statusAt(descriptor, '').mode & fileTypes.mask) === fileTypes.directory ? 'directory' : 'other';
  } finally {
    closeSync(descriptor);
  }
}

const directoryEntry = (name: string): TarEntry => ({
  ...{ name: Buffer.from(name).toString('latin1'), type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, link: '' },
  ...{ modified: now(), device: { major: 0, minor: 0 }, attributes: [] },
});

class Copy {
  readonly #request: CopyRequest;
  readonly #extractor: Extractor;
  readonly #directories: OpenDirectories;
  readonly #buffer = Buffer.alloc(chunkSize);
  readonly #entries = new FileEntries();
  /** Directories that are known to be there. */
  readonly #there = new Set<string>(['']);

  constructor(request: CopyRequest, extractor: Extractor, directories: OpenDirectories) {
    this.#request = request;
    this.#extractor = extractor;
    this.#directories = directories;
  }

  file(source: string, target: string): void {
    const { parent, base } = splitPath(source);
    this.#entry(this.#directories.at(parent), base === '' ? '.' : base, target);
  }

  #parents(target: string): void {
    const parent = target.slice(0, Math.max(0, target.lastIndexOf('/')));
    if (this.#there.has(parent)) return;
    const owner = this.#request.owner ?? { uid: 0, gid: 0 };
    makeMissing(this.#request.to, this.#extractor, { path: Buffer.from(parent, 'latin1').toString(), owner });
    this.#there.add(parent);
  }

  #entry(directory: number, base: string, target: string): void {
    const entry = this.#entries.read(directory, base, target.slice(1));
    if (!entry) return;
    const { mode } = this.#request;
    const changed = mode !== undefined && entry.type !== 'symlink' ? { mode } : {};
    this.#parents(target);
    if (
      entry.type === 'directory' &&
      kindOf(this.#request.to, Buffer.from(target || '/', 'latin1').toString()) === 'directory'
    )
      return;
    if (entry.type === 'file') this.#contents(directory, base, { ...entry, ...changed });
    else {
      this.#extractor.entry({ ...entry, ...changed });
      this.#extractor.end();
    }
  }

  #contents(directory: number, base: string, entry: TarEntry): void {
    const descriptor = openFileAt(directory, base);
    try {
      this.#extractor.entry(entry);
      // as much as there was when it was looked at
      for (let at = 0; at < entry.size; ) {
        const read = readSync(descriptor, this.#buffer, 0, Math.min(chunkSize, entry.size - at), null);
        if (read === 0) break;
        this.#extractor.data(this.#buffer.subarray(0, read));
        at += read;
      }
      this.#extractor.end();
    } finally {
      closeSync(descriptor);
    }
  }
}
