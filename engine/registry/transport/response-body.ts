import type { IncomingMessage } from 'node:http';
import { answerFailure } from '../registry-failure.ts';

interface BodyOptions {
  host: string;
  /** Milliseconds. */
  stall: number;
  signal: AbortSignal;
}

/**
 * The pieces of an answer. The limit counts only while its reader waits: a slow reader is no silent registry.
 *
 * @throws RegistryFailure `cut` when it ends before its length, `stalled`; the signal's reason.
 */
export async function* readBody(
  response: IncomingMessage,
  { host, stall, signal }: BodyOptions,
): AsyncGenerator<Buffer> {
  const pieces = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const cancel = () => response.destroy(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  let read = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const silent = answerFailure('stalled', host, `silent for ${stall / 1000} s after ${read} bytes`);
      const timer = setTimeout(() => response.destroy(silent), stall);
      let next: IteratorResult<Buffer>;
      try {
        next = await pieces.next();
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw error === silent ? silent : answerFailure('cut', host, `the answer broke off after ${read} bytes`, error);
      } finally {
        clearTimeout(timer);
      }
      if (next.done) return;
      read += next.value.length;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    response.destroy();
  }
}

/** A short answer as a whole; of a longer one than `most` bytes only its begin, and the rest is not read. */
export async function readShort(body: AsyncIterable<Buffer>, most: number): Promise<{ bytes: Buffer; whole: boolean }> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body) {
    pieces.push(piece);
    length += piece.length;
    if (length > most) return { bytes: Buffer.concat(pieces).subarray(0, most), whole: false };
  }
  return { bytes: Buffer.concat(pieces), whole: true };
}
