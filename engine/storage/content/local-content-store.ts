import { createHash, type Hash } from 'node:crypto';
import { chmodSync, createReadStream, renameSync, unlinkSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type Digest, isDigest } from '../../base/digest.ts';
import { diskFullOr } from '../../base/disk-full.ts';
import { EngineError } from '../../base/errors.ts';
import { errnoCode } from '../../base/libc.ts';
import type { ContentInfo, ContentStore, Ingest, IngestFile } from './content-store.ts';

export interface LocalContentStoreOptions {
  /** `<data root>/content`: `blobs/sha256/HEX`, `ingest/<hash of the ref>`, and `partial/<the same>` of `ingestFile`. */
  root: string;
  /** Refs whose unfinished bytes are kept for going on; everything else unfinished is dropped when it opens. */
  keep?: readonly string[];
}

type Expected = { digest?: Digest; size?: number };

/** Blobs as files of one directory tree. One process at a time may have it open. */
export async function openLocalContentStore(options: LocalContentStoreOptions): Promise<ContentStore> {
  const blobs = path.join(options.root, 'blobs/sha256');
  const ingests = path.join(options.root, 'ingest');
  await mkdir(blobs, { recursive: true, mode: 0o700 });
  await mkdir(ingests, { recursive: true, mode: 0o700 });
  const partials = path.join(options.root, 'partial');
  await mkdir(partials, { recursive: true, mode: 0o700 });
  await dropOld(partials);
  const keep = new Set((options.keep ?? []).map(fileOfRef));
  for (const name of await readdir(ingests)) if (!keep.has(name)) await rm(path.join(ingests, name), { force: true });

  const writing = new Set<string>();
  const pathOf = (digest: Digest) => path.join(blobs, checkedHex(digest));
  const info = async (digest: Digest): Promise<ContentInfo> => {
    const found = await orNotFound(stat(pathOf(digest)), digest);
    return { digest, size: found.size };
  };

  const takeAway = (digest: Digest, take: (file: string) => void) => {
    try {
      take(pathOf(digest));
    } catch (error) {
      throw errnoCode(error) === 'ENOENT' ? notFound(digest) : error;
    }
  };

  return {
    info,
    path: pathOf,
    async read(digest, range) {
      const handle = await orNotFound(open(pathOf(digest)), digest);
      const start = range?.offset ?? 0;
      if (range?.length === 0) {
        await handle.close();
        return Readable.from([], { objectMode: false });
      }
      const end = range?.length === undefined ? undefined : start + range.length - 1;
      return createReadStream('', { fd: handle, start, ...(end !== undefined && { end }), highWaterMark: 256 * 1024 });
    },
    async ingest(ref, expected = {}) {
      if (writing.has(ref)) throw new EngineError('conflict', `content ${ref} is being written already`);
      writing.add(ref);
      const file = path.join(ingests, fileOfRef(ref));
      try {
        return await openIngest({ file, expected, publishAs: pathOf, blobs, onClose: () => writing.delete(ref) });
      } catch (error) {
        writing.delete(ref);
        throw diskFullOr(error);
      }
    },
    async ingestFile(ref, { resumable } = { resumable: true }) {
      if (writing.has(ref)) throw new EngineError('conflict', `content ${ref} is being written already`);
      writing.add(ref);
      const file = path.join(resumable ? partials : ingests, fileOfRef(ref));
      const end = () => void writing.delete(ref);
      try {
        await (await open(file, 'a', 0o600)).close();
      } catch (error) {
        end();
        throw diskFullOr(error);
      }
      return openIngestFile({ file, publishAs: pathOf, blobs, onClose: end });
    },
    async *list() {
      for (const hex of await readdir(blobs)) {
        const digest = `sha256:${hex}`;
        if (isDigest(digest)) yield await info(digest);
      }
    },
    allocated: () => allocatedIn(blobs, [ingests, partials]),
    // async only in its shape: gone when the call returns, so that a check before it in the same turn still holds
    delete: async (digest) => takeAway(digest, unlinkSync),
    async setAside(digest) {
      const ref = `blob:${digest}`;
      const file = path.join(partials, fileOfRef(ref));
      takeAway(digest, (blob) => {
        // somebody fetches it anew already
        if (writing.has(ref)) return unlinkSync(blob);
        chmodSync(blob, 0o600);
        renameSync(blob, file);
      });
    },
  };
}

async function allocatedIn(blobs: string, others: readonly string[]) {
  const found = [...(await sizesOf(blobs))].flatMap(([hex, bytes]) => {
    const digest = `sha256:${hex}`;
    return isDigest(digest) ? [[digest, bytes] as const] : [];
  });
  const sizes = await Promise.all(others.map(sizesOf));
  const unfinished = sizes.flatMap((all) => [...all.values()]).reduce((sum, bytes) => sum + bytes, 0);
  return { blobs: new Map(found), unfinished };
}

/** Bytes on the disk of a directory's files, by name. */
async function sizesOf(directory: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const name of await readdir(directory)) {
    const found = await stat(path.join(directory, name)).catch(() => undefined);
    if (found) sizes.set(name, found.blocks * 512);
  }
  return sizes;
}

/** Milliseconds after which nobody goes on with half of a blob. */
const longestKept = 7 * 24 * 3600 * 1000;

async function dropOld(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const file = path.join(directory, name);
    if ((await stat(file)).mtimeMs < Date.now() - longestKept) await rm(file, { force: true });
  }
}

interface IngestOptions {
  file: string;
  expected: Expected;
  publishAs(digest: Digest): string;
  blobs: string;
  onClose(): void;
}

async function openIngest({ file, expected, publishAs, blobs, onClose }: IngestOptions): Promise<Ingest> {
  const handle = await open(file, 'a+', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  try {
    size = await hashExisting(handle, hash);
  } catch (error) {
    await handle.close();
    throw error;
  }
  const offset = size;
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    try {
      await handle.close();
    } finally {
      onClose();
    }
  };
  const digest = (): Digest => `sha256:${hash.copy().digest('hex')}`;
  const abort = async () => {
    await close();
    await rm(file, { force: true });
  };
  return {
    offset,
    digest,
    async write(chunk) {
      try {
        for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at, chunk.length - at)).bytesWritten;
      } catch (error) {
        throw diskFullOr(error);
      }
      hash.update(chunk);
      size += chunk.length;
    },
    async commit() {
      const found = digest();
      try {
        checkExpected(expected, found, size);
        await handle.chmod(0o444);
        await handle.sync();
        await close();
        await rename(file, publishAs(found));
        await syncDirectory(blobs);
      } catch (error) {
        await abort();
        throw diskFullOr(error);
      }
      return { digest: found, size };
    },
    abort,
    pause: close,
  };
}

function openIngestFile({ file, publishAs, blobs, onClose }: Omit<IngestOptions, 'expected'>): IngestFile {
  const abort = async () => {
    await rm(file, { force: true });
    onClose();
  };
  return {
    path: file,
    async commit({ digest, size }, { isLate } = { isLate: false }) {
      try {
        const handle = await open(file, 'r+');
        try {
          const found = (await handle.stat()).size;
          if (found !== size) throw new EngineError('internal', `${file} has ${found} bytes, not ${size}`);
          await handle.chmod(0o444);
          if (!isLate) await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(file, publishAs(digest));
        if (!isLate) await syncDirectory(blobs);
      } catch (error) {
        await abort();
        throw diskFullOr(error);
      }
      onClose();
      return { digest, size };
    },
    abort,
    pause: onClose,
  };
}

async function hashExisting(handle: FileHandle, hash: Hash): Promise<number> {
  const buffer = Buffer.alloc(256 * 1024);
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return position;
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}

function checkExpected(expected: Expected, digest: Digest, size: number): void {
  const sizeDiffers = expected.size !== undefined && expected.size !== size;
  if (!sizeDiffers && (expected.digest === undefined || expected.digest === digest)) return;
  const wanted = expected.digest ?? `${expected.size} bytes`;
  const found = expected.digest === undefined || expected.digest === digest ? `${size} bytes` : digest;
  throw new EngineError(
    'invalid',
    `digest mismatch: expected ${wanted}, got ${found}: the data is damaged; copy or save it again`,
    {
      reason: 'image.digest-mismatch',
      params: { expected: wanted, found },
    },
  );
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Refs are any text: their hash is a safe file name. */
const fileOfRef = (ref: string) => createHash('sha256').update(ref).digest('hex');

function checkedHex(digest: Digest): string {
  if (!isDigest(digest)) throw new EngineError('invalid', `invalid digest ${JSON.stringify(digest)}`);
  return digest.slice('sha256:'.length);
}

const notFound = (digest: Digest) => new EngineError('not-found', `content ${digest} not found`);

async function orNotFound<T>(work: Promise<T>, digest: Digest): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw errnoCode(error) === 'ENOENT' ? notFound(digest) : error;
  }
}
