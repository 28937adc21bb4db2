import { once } from 'node:events';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { filterProgram } from './filter-program.ts';
import { type Inflater, isalInflater } from './libisal.ts';
import { zstdInflater } from './libzstd.ts';

export type Compression = 'gzip' | 'zstd' | 'xz' | 'bzip2';

/** Bytes that `compressionOf` needs. */
export const compressionHead = 10;

const options = { chunkSize: 64 * 1024 };

const xzMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
/** Behind `BZh` and the size of its blocks: what begins the first block, or the end where there is none. */
const bzip2Blocks = ['314159265359', '177245385090'];

/**
 * How a stream is compressed, by its first bytes (RFC 1952, RFC 8878, the .xz file format, bzip2); undefined for
 * anything else.
 */
export function compressionOf(head: Buffer): Compression | undefined {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return 'zstd';
  if (head.subarray(0, xzMagic.length).equals(xzMagic)) return 'xz';
  const isBzip2 = /^BZh[1-9]/.test(head.toString('latin1', 0, 4)) && bzip2Blocks.includes(head.toString('hex', 4, 10));
  return isBzip2 ? 'bzip2' : undefined;
}

/**
 * A layer's bytes without their compression: gzip, zstd or none. A piece holds until the next one is asked for. Throws Node's
 * zlib errors (`Z_…`, `ZSTD_…`).
 */
export function decompress(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  return decompressBy(source, { gzip: fast(isalInflater, gunzip), zstd: fast(zstdInflater, unzstd) });
}

/**
 * The same for what people bring: also xz and bzip2, which are not for layers (OCI image spec, layer.md) and which Node
 * does not know: their programs do it. Throws EngineError `unavailable` (`program.missing`), `internal`
 * (`program.failed`) too.
 */
export function decompressAny(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  return decompressBy(source, {
    gzip: gunzip,
    zstd: unzstd,
    // without a limit an archive could ask for 4 GiB of memory
    xz: (whole) => filterProgram('xz', ['--decompress', '--stdout', '--memlimit-decompress=256MiB'], whole),
    bzip2: (whole) => filterProgram('bzip2', ['--decompress', '--stdout'], whole),
  });
}

type Decompress = (source: AsyncGenerator<Buffer>) => AsyncIterable<Buffer>;

async function* decompressBy(
  source: AsyncIterable<Buffer>,
  ways: Readonly<Partial<Record<Compression, Decompress>>>,
): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    let head: Buffer = Buffer.alloc(0);
    while (head.length < compressionHead) {
      const next = await chunks.next();
      if (next.done) break;
      head = Buffer.concat([head, next.value]);
    }
    const whole = (async function* () {
      if (head.length > 0) yield head;
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
    })();
    const compression = compressionOf(head);
    yield* (compression && ways[compression]?.(whole)) ?? whole;
  } finally {
    await chunks.return?.();
  }
}

/**
 * By a library of the system where it has one, or else by Node. Synchronous in its thread: for the threads that unpack, not
 * for the engine's own.
 */
const fast = (open: () => Inflater | undefined, otherwise: Decompress): Decompress =>
  async function* (source) {
    const inflater = open();
    if (!inflater) return yield* otherwise(source);
    try {
      for await (const chunk of source) yield* inflater.push(chunk);
      inflater.end();
    } finally {
      inflater.close();
    }
  };

async function* gunzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const plain = createGunzip(options);
  // the error of either side comes out of the loop below
  pipeline(Readable.from(source), plain, () => {});
  yield* plain;
}

/** Node ends at the end of a frame when more follows in the same chunk; a file may be of many frames. */
async function* unzstd(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer | undefined;
  do {
    const frame = createZstdDecompress(options);
    const ended = once(frame, 'end').catch(() => {});
    const feed = async (): Promise<Buffer | undefined> => {
      let given = 0;
      for (;;) {
        const next = rest ? { done: false as const, value: rest } : await source.next();
        rest = undefined;
        if (next.done) {
          frame.end();
          return undefined;
        }
        const chunk = next.value;
        // the callback does not come when the frame ends inside of the chunk
        await Promise.race([new Promise<void>((taken) => frame.write(chunk, () => taken())), ended]);
        const taken = frame.bytesWritten - given;
        if (taken < chunk.length) return chunk.subarray(taken);
        given += chunk.length;
      }
    };
    const fed = feed();
    // a failure of the source has to end the reading of the frame
    fed.catch((error: Error) => frame.destroy(error));
    yield* frame;
    rest = await fed;
  } while (rest);
}
