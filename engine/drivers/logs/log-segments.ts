import { closeSync, fstatSync, openSync, read, readdirSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';
import { errnoCode } from '../../base/libc.ts';

/**
 * A container's log is a chain of files: `container.log`, which conmon writes, before it `container.log.1`, before that
 * `.2`, and so on; those with a number may be compressed (`.1.gz`). Opening them, and moving them on (`rotate-log.ts`), are
 * synchronous: within one process no reader sees half a move.
 */
export interface LogSegment {
  readonly descriptor: number;
  readonly inode: number;
  readonly compressed: boolean;
  /** Milliseconds since the epoch; nothing was written later. */
  readonly modified: number;
}

export interface RotatedFile {
  /** 1 is the newest. */
  number: number;
  file: string;
  compressed: boolean;
}

const readDescriptor = promisify(read);
const block = 64 * 1024;

/** The files with a number, the newest first. Of one that is there twice, the one that is not compressed. */
export function rotatedFiles(file: string): RotatedFile[] {
  const prefix = `${path.basename(file)}.`;
  const directory = path.dirname(file);
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  }
  const found = new Map<number, RotatedFile>();
  for (const name of names) {
    const match = name.startsWith(prefix) ? /^(\d{1,6})(\.gz)?$/.exec(name.slice(prefix.length)) : null;
    if (!match) continue;
    const number = Number(match[1]);
    const compressed = match[2] !== undefined;
    if (compressed && found.has(number)) continue;
    found.set(number, { number, file: path.join(directory, name), compressed });
  }
  return [...found.values()].sort((a, b) => a.number - b.number);
}

/** Undefined where there is no such file. */
export function openSegment(file: string, compressed = false): LogSegment | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const { ino, mtimeMs } = fstatSync(descriptor);
  return { descriptor, inode: ino, compressed, modified: mtimeMs };
}

/** Everything there is of a log, the oldest first. Close each by `closeSegment`. */
export function openSegments(file: string): LogSegment[] {
  const older = rotatedFiles(file).reverse();
  const all: LogSegment[] = [];
  try {
    for (const { file: name, compressed } of [...older, { file, compressed: false }]) {
      const segment = openSegment(name, compressed);
      if (segment) all.push(segment);
    }
    return all;
  } catch (error) {
    for (const segment of all) closeSegment(segment);
    throw error;
  }
}

export function closeSegment({ descriptor }: LogSegment): void {
  closeSync(descriptor);
}

/** As it is now; of a compressed one, of the compressed bytes. */
export const segmentSize = ({ descriptor }: LogSegment): number => fstatSync(descriptor).size;

/** `use` gets the bytes and the offset after them, and says false to stop. */
export type UseBytes = (bytes: Buffer, offset: number) => Promise<boolean>;

/**
 * Reads a segment, uncompressed, from an offset up to its present end (or `to`), in blocks of their own memory.
 * @returns where it ended, and whether `use` stopped it.
 */
export async function readSegment(
  segment: LogSegment,
  from: number,
  use: UseBytes,
  to = Number.POSITIVE_INFINITY,
): Promise<{ offset: number; stopped: boolean }> {
  if (segment.compressed) return readCompressed(segment, from, use);
  let offset = from;
  while (offset < to) {
    const buffer = Buffer.alloc(Math.min(block, to - offset));
    const { bytesRead } = await readDescriptor(segment.descriptor, buffer, 0, buffer.length, offset);
    if (bytesRead === 0) break;
    offset += bytesRead;
    if (!(await use(buffer.subarray(0, bytesRead), offset))) return { offset, stopped: true };
  }
  return { offset, stopped: false };
}

/** Not by a stream of fs, which would close the descriptor. */
async function* bytesOf(descriptor: number): AsyncGenerator<Buffer> {
  for (let offset = 0; ; ) {
    const buffer = Buffer.alloc(block);
    const { bytesRead } = await readDescriptor(descriptor, buffer, 0, block, offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function readCompressed({ descriptor }: LogSegment, from: number, use: UseBytes) {
  const source = Readable.from(bytesOf(descriptor));
  const inflated = createGunzip();
  source.on('error', (error) => inflated.destroy(error));
  let offset = 0;
  try {
    for await (const bytes of source.pipe(inflated)) {
      const chunk = bytes as Buffer;
      const before = offset;
      offset += chunk.length;
      if (offset <= from) continue;
      if (!(await use(chunk.subarray(Math.max(0, from - before)), offset))) return { offset, stopped: true };
    }
  } finally {
    // a read of it may be under way: whoever closes the descriptor waits for that
    const closed = source.closed || new Promise((resolve) => source.once('close', resolve));
    source.destroy();
    await closed;
  }
  return { offset, stopped: false };
}

/** Reads a piece into the buffer; returns how much there was. */
export async function readPiece({ descriptor }: LogSegment, buffer: Buffer, length: number, from: number) {
  return (await readDescriptor(descriptor, buffer, 0, length, from)).bytesRead;
}
