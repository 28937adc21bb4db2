import path from 'node:path';
import { Readable } from 'node:stream';
import { decompressAny } from '../../base/decompress.ts';
import { type Digest, isDigest } from '../../base/digest.ts';
import { createTarParser, type TarEntry } from '../../base/tar-parser.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { ContentInfo, ContentStore, Ingest } from '../../storage/content/content-store.ts';
import { layerFailure } from '../../storage/snapshots/layer-failure.ts';
import { commitHeld } from './blobs.ts';
import { notAnImage } from './manifest.ts';

/** The files of an image archive, as blobs that a lease holds. */
export interface StagedArchive {
  /** By its name in the archive, links followed. */
  file(name: string): ContentInfo | undefined;
  /** The texts that say what the archive holds. */
  text(name: 'manifest.json' | 'index.json'): Uint8Array | undefined;
  /** Whether the archive's end was written: without, a missing file may be cut off. */
  marked: boolean;
}

export interface ArchiveLimits {
  /** Files kept of one archive. */
  files: number;
  /** Bytes kept of one archive, or of one layer that is decompressed to be kept. */
  bytes: number;
  /** Bytes of manifest.json and index.json. */
  textBytes: number;
}

export const defaultArchiveLimits: ArchiveLimits = { files: 100_000, bytes: 2 ** 40, textBytes: 16 << 20 };

export interface StageRequest {
  tar: Readable;
  content: ContentStore;
  lease: Lease;
  limits: ArchiveLimits;
  signal: AbortSignal;
}

/**
 * Reads an archive once, front to back, and stores its files; names below `blobs/sha256/` are checked at once.
 *
 * @throws EngineError `invalid` with `image.not-an-image`, `image.truncated`, `image.digest-mismatch`; `unavailable`.
 */
export async function stageArchive(request: StageRequest): Promise<StagedArchive> {
  const files = createArchiveFiles(request);
  const steps: (() => Promise<void>)[] = [];
  const parser = createTarParser({
    entry: (entry) => steps.push(() => files.begin(entry)),
    data: (chunk) => steps.push(() => files.take(chunk)),
    end: () => steps.push(() => files.end()),
  });
  const source = Readable.from(decompressAny(request.tar), { objectMode: false, highWaterMark: 1 });
  // the client may be silent: its end has to wake who waits for it
  const stop = () => request.tar.destroy(new Error('cancelled'));
  request.signal.addEventListener('abort', stop);
  try {
    request.signal.throwIfAborted();
    for await (const chunk of source) {
      parser.push(chunk);
      for (const step of steps.splice(0)) await step();
    }
    request.signal.throwIfAborted();
    const { marked } = parser.finish();
    return { file: files.find, text: (name) => files.texts.get(name), marked };
  } catch (error) {
    request.signal.throwIfAborted();
    throw layerFailure(error);
  } finally {
    request.signal.removeEventListener('abort', stop);
    await files.close();
    source.destroy();
  }
}

/** docker save and OCI layouts name their files `x`, `x/y` or `blobs/sha256/x`; of the rest nothing is kept. */
function isWanted(name: string): boolean {
  const parts = name.split('/');
  if (parts.length > 2) return parts.length === 3 && name.startsWith('blobs/sha256/');
  return !/^(repositories|oci-layout|[^/]+\/(VERSION|json))$/.test(name);
}

function createArchiveFiles({ content, lease, limits }: StageRequest) {
  const stored = new Map<string, ContentInfo>();
  const links = new Map<string, string>();
  const texts = new Map<string, Uint8Array>();
  let current: { name: string; ingest: Ingest } | undefined;
  let text: { name: string; chunks: Uint8Array[] } | undefined;
  let bytes = 0;

  const find = (name: string): ContentInfo | undefined => {
    let at = path.posix.normalize(name);
    for (let hops = 0; hops < 40; hops++) {
      const found = stored.get(at);
      const link = links.get(at);
      if (found || link === undefined) return found;
      at = link;
    }
    return undefined;
  };
  return {
    texts,
    find,
    async begin(entry: TarEntry) {
      const name = path.posix.normalize(entry.name).replace(/^(\.?\/)+/, '');
      if (entry.type === 'symlink') links.set(name, path.posix.join(path.posix.dirname(name), entry.link));
      if (entry.type === 'hardlink') links.set(name, path.posix.normalize(entry.link).replace(/^(\.?\/)+/, ''));
      if (entry.type !== 'file' || !isWanted(name)) return;
      if (stored.size >= limits.files) throw notAnImage(`more than ${limits.files} files`);
      bytes += entry.size;
      if (bytes > limits.bytes) throw tooLong(limits);
      if (name === 'manifest.json' || name === 'index.json') {
        if (entry.size > limits.textBytes) throw notAnImage(`${name} is longer than ${limits.textBytes} bytes`);
        text = { name, chunks: [] };
        return;
      }
      const digest = digestOf(name);
      const ingest = await content.ingest(`${lease.id}/${stored.size}`, {
        size: entry.size,
        ...(digest && { digest }),
      });
      current = { name, ingest };
    },
    async take(chunk: Uint8Array) {
      if (text) text.chunks.push(Uint8Array.from(chunk));
      else if (current) await current.ingest.write(chunk);
    },
    async end() {
      if (text) texts.set(text.name, Buffer.concat(text.chunks));
      text = undefined;
      if (!current) return;
      const { name, ingest } = current;
      current = undefined;
      stored.set(name, await commitHeld(ingest, lease, async () => {}));
    },
    async close() {
      await current?.ingest.abort();
      current = undefined;
    },
  };
}

/** @throws EngineError `image.not-an-image`. */
export const tooLong = ({ bytes }: ArchiveLimits) => notAnImage(`it unpacks to more than ${bytes} bytes`);

function digestOf(name: string): Digest | undefined {
  const digest = `sha256:${name.slice('blobs/sha256/'.length)}`;
  return name.startsWith('blobs/sha256/') && isDigest(digest) ? digest : undefined;
}
