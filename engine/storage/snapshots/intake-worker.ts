import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, fstatSync, openSync, writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { EngineError } from '../../base/errors.ts';
import { createHandoff, type Handoff } from './handoff.ts';
import { ParentsNeeded } from './layer-directories.ts';
import { layerFailure } from './layer-failure.ts';
import type { IntakeAnswer, IntakeOrder, IntakeRequest, TakenBlob } from './layer-intake.ts';
import { checkDigest, type StreamedLayer, unpackStream } from './layer-stream.ts';
import type { LayerLimits } from './layer-writer.ts';

/** A thread of `layer-intake.ts`: several blobs side by side. */

type Begin = IntakeRequest & { limits: LayerLimits };

interface Coming {
  /** Of the blob, as they arrive. */
  chunks: Handoff<Uint8Array>;
  stopping: AbortController;
  tell(kept: number): void;
  done(bytes: number): void;
}

/** A layer that is unpacked beside being kept: its failure counts only once the blob is known to be what it should. */
function unpackBeside({ target, limits }: Begin, signal: AbortSignal) {
  if (!target) return undefined;
  const chunks = createHandoff<Buffer>();
  let failure: { error: unknown } | undefined;
  const layer = unpackStream({ chunks, target, limits, signal }).catch((error: unknown) => {
    failure = { error };
    chunks.leave();
    return undefined;
  });
  return {
    push: (chunk: Buffer) => chunks.put(chunk),
    async finish(): Promise<StreamedLayer | undefined> {
      chunks.end();
      const made = await layer;
      if (failure && !(failure.error instanceof ParentsNeeded)) throw failure.error;
      return made;
    },
    async abandon() {
      chunks.end();
      await layer;
    },
  };
}

async function takeBlob(begin: Begin, { chunks, stopping, tell, done }: Coming): Promise<TakenBlob> {
  const { signal } = stopping;
  const descriptor = openSync(begin.file, constants.O_RDWR | constants.O_APPEND);
  const hash = createHash('sha256');
  const unpacking = unpackBeside(begin, signal);
  let size = 0;
  const take = async (chunk: Buffer) => {
    size += chunk.length;
    if (size > begin.size) throw tooLong(begin);
    hash.update(chunk);
    await unpacking?.push(chunk);
  };
  try {
    const kept = fstatSync(descriptor).size;
    if (kept > 0)
      for await (const chunk of createReadStream(begin.file, { highWaterMark: 256 << 10 })) await take(chunk);
    tell(kept);
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at, chunk.length - at);
      await take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
      done(chunk.length);
    }
    signal.throwIfAborted();
    checkDigest(begin.digest, `sha256:${hash.digest('hex')}`);
    const layer = await unpacking?.finish();
    return { ...(layer && { layer }) };
  } finally {
    stopping.abort();
    await unpacking?.abandon();
    closeSync(descriptor);
  }
}

function tooLong({ digest, size }: Begin): EngineError {
  return new EngineError(
    'invalid',
    `digest mismatch: ${digest} has more than the ${size} bytes that its manifest tells`,
    {
      reason: 'image.digest-mismatch',
      params: { expected: `${size} bytes`, found: `more than ${size} bytes` },
    },
  );
}

const port = parentPort;
if (!port) throw new Error('intake-worker runs as a thread of layer-intake');
const coming = new Map<number, Coming>();
const answer = (words: IntakeAnswer) => port.postMessage(words);

async function run(id: number, begin: Begin): Promise<void> {
  const blob: Coming = {
    chunks: createHandoff(),
    stopping: new AbortController(),
    tell: (kept) => answer({ id, kept }),
    done: (bytes) => answer({ id, done: bytes }),
  };
  coming.set(id, blob);
  try {
    answer({ id, result: await takeBlob(begin, blob) });
  } catch (error) {
    const { code, message, reason, params } = layerFailure(error);
    answer({ id, failure: { code, message, params, ...(reason && { reason }) } });
  } finally {
    blob.chunks.leave();
    coming.delete(id);
  }
}

port.on('message', (order: IntakeOrder) => {
  if ('begin' in order) return void run(order.id, order.begin);
  // of one that has failed more may be under way
  const blob = coming.get(order.id);
  if ('chunk' in order) void blob?.chunks.put(order.chunk);
  else {
    if ('stop' in order) blob?.stopping.abort();
    blob?.chunks.end();
  }
});
