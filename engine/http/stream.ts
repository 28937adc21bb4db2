import type { Writable } from 'node:stream';
import type { Channel } from '../base/channel.ts';
import { toEngineError } from '../base/errors.ts';
import type { Exchange } from './route.ts';

export const rawStream = 'application/vnd.docker.raw-stream';
export const multiplexedStream = 'application/vnd.docker.multiplexed-stream';

/** Resolves once `writable` takes more or is gone. */
export function drained(writable: Writable): Promise<void> {
  if (!writable.writableNeedDrain || writable.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      writable.off('drain', done);
      writable.off('close', done);
      resolve();
    };
    writable.on('drain', done);
    writable.on('close', done);
  });
}

/** A frame of Docker's multiplexed stream: stream, three zeros, length big-endian, payload. */
export function frame(stream: 'stdout' | 'stderr', data: Uint8Array): Uint8Array[] {
  const header = Buffer.alloc(8);
  header[0] = stream === 'stdout' ? 1 : 2;
  header.writeUInt32BE(data.length, 4);
  return [header, data];
}

/**
 * Writes chunks together, at once. As one: what was written while a response was corked does not count in its
 * `writableNeedDrain`, so that a slow client would be given everything at once, and its `drain` may never come.
 */
function writeAll(writable: Writable, chunks: readonly Uint8Array[]): void {
  const [first, ...more] = chunks;
  if (first) writable.write(more.length === 0 ? first : Buffer.concat(chunks));
}

/**
 * Writes what `source` gives until it ends or the client leaves, and waits where the client is slow. Leaving ends the
 * source.
 */
export async function pump<T>(source: Channel<T>, target: Writable, chunksOf: (item: T) => readonly Uint8Array[]) {
  const leave = () => void source.return();
  target.once('close', leave);
  try {
    for await (const item of source) {
      if (target.destroyed) break;
      writeAll(target, chunksOf(item));
      await drained(target);
    }
  } finally {
    target.off('close', leave);
  }
}

/**
 * Answers with one JSON text a line, each sent at once. The head goes out now, or, with `late`, with the first line, so
 * that what fails before it has a status of its own; a later failure is a line `{errorDetail, error}` (Docker's
 * streamformatter).
 */
export async function sendJsonLines<T>(
  { response }: Exchange,
  source: Channel<T>,
  lineOf: (item: T) => string | undefined,
  { late = false }: { late?: boolean } = {},
): Promise<void> {
  const begin = () => {
    if (response.headersSent) return;
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
  };
  if (!late) begin();
  try {
    await pump(source, response, (item) => {
      const line = lineOf(item);
      if (line === undefined) return [];
      begin();
      return [Buffer.from(`${line}\r\n`)];
    });
  } catch (error) {
    if (!response.headersSent) throw error;
    const { message, code, reason, params } = toEngineError(error);
    // of a step of a build: clients end with it
    const exit = reason === 'build.step-failed' ? { code: params.code } : {};
    const errorDetail = { ...exit, message };
    response.write(`${JSON.stringify({ errorDetail, error: message, code, reason, params })}\r\n`);
  }
  begin();
  response.end();
}

/**
 * Answers with an archive. What fails before the first piece has a status of its own; later the connection is cut, so that
 * nobody takes half an archive for a whole one.
 */
export async function sendArchive({ response }: Exchange, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const piece of pieces) {
      if (response.destroyed) return;
      if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/x-tar' });
      response.write(piece);
      await drained(response);
    }
    response.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    response.destroy(error instanceof Error ? error : undefined);
  }
}
