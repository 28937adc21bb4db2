import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readLogFrames } from '../electron/hosts/log-frames.ts';

const line = 'a line of a log as programs write them, with a time and a few words, 0123456789 abcdefghijklmnopq';
const pieceBytes = 10_000_000;

/**
 * The command of a container that writes this many bytes to stdout in lines.
 * @throws RangeError unless it is a multiple of ten million
 */
export function writing(bytes: number): string[] {
  if (bytes <= 0 || bytes % pieceBytes !== 0) throw new RangeError(`${bytes} is no multiple of ${pieceBytes}`);
  const pieces = Array.from({ length: bytes / pieceBytes }, () => '/piece').join(' ');
  return ['sh', '-c', `yes '${line}' | head -c ${pieceBytes} > /piece && cat ${pieces}`];
}

function digestOf(bytes: number): string {
  const one = Buffer.from(`${line}\n`.repeat(Math.ceil(pieceBytes / (line.length + 1)))).subarray(0, pieceBytes);
  const hash = createHash('sha256');
  for (let written = 0; written < bytes; written += pieceBytes) hash.update(one);
  return hash.digest('hex');
}

/**
 * Reads a log, which `read` writes to the stream it is given, and compares it with what `writing(bytes)` wrote.
 * @throws Error when a byte is missing, more, or another
 */
export async function checkOutput(bytes: number, read: (into: Writable) => Promise<void>): Promise<void> {
  const hash = createHash('sha256');
  let length = 0;
  const into = new Writable({
    write(chunk: Buffer, _, done) {
      hash.update(chunk);
      length += chunk.length;
      done();
    },
  });
  await read(into);
  if (length !== bytes) throw new Error(`the log has ${length} bytes of ${bytes}`);
  if (hash.digest('hex') !== digestOf(bytes)) throw new Error('the log has other bytes than were written');
}

/** What is in the frames of a log (Docker's multiplexed stream), into another stream. */
export async function pourFrames(log: NodeJS.ReadableStream, into: Writable): Promise<void> {
  for await (const { data } of readLogFrames(log as AsyncIterable<Uint8Array>)) into.write(data);
}

/** Everything of a stream into another. */
export const pour = (from: NodeJS.ReadableStream, into: Writable): Promise<void> => pipeline(from, into);
