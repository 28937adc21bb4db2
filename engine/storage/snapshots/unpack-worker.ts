import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { Digest } from '../../base/digest.ts';
import { syncFilesystem } from '../../base/libc-files.ts';
import { layerFailure } from './layer-failure.ts';
import { checkDigest, unpackStream } from './layer-stream.ts';
import type { UnpackedLayer, WorkerAnswer, WorkerRequest, WorkerTask } from './layer-unpacker.ts';
import { copyTree, measureTree, removeTree } from './trees.ts';

/** A thread of `layer-unpacker.ts`: one task at a time. */

const chunkSize = 256 * 1024;

type UnpackTask = Extract<WorkerTask, { kind: 'unpack' }>;

async function unpack(task: UnpackTask, signal: AbortSignal): Promise<UnpackedLayer> {
  const source = createReadStream(task.file, { highWaterMark: chunkSize });
  try {
    const hash = task.digest && createHash('sha256');
    async function* hashed(): AsyncGenerator<Buffer> {
      for await (const chunk of source) {
        hash?.update(chunk);
        yield chunk;
      }
    }
    const unpacked = await unpackStream({ chunks: hashed(), target: task.target, limits: task.limits, signal });
    const digest: Digest | undefined = hash && `sha256:${hash.digest('hex')}`;
    checkDigest(task.digest, digest);
    checkDigest(task.diffId, unpacked.diffId);
    return { ...unpacked, ...(digest && { digest }) };
  } finally {
    // a blob that is deleted now gives its space free only when it is closed
    if (!source.closed) await new Promise<void>((closed) => source.destroy().once('close', () => closed()));
  }
}

async function perform(task: WorkerTask, signal: AbortSignal): Promise<unknown> {
  switch (task.kind) {
    case 'unpack':
      return unpack(task, signal);
    case 'copy':
      return copyTree(task.from, task.to);
    case 'remove':
      return removeTree(task.directory);
    case 'measure':
      return measureTree(task.directory);
    case 'sync': {
      const directory = openSync(task.directory, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        return syncFilesystem(directory);
      } finally {
        closeSync(directory);
      }
    }
  }
}

const port = parentPort;
if (!port) throw new Error('unpack-worker runs as a thread of layer-unpacker');
let cancelling = new AbortController();
port.on('message', async (request: WorkerRequest) => {
  if ('cancel' in request) return cancelling.abort();
  cancelling = new AbortController();
  let answer: WorkerAnswer;
  try {
    answer = { result: await perform(request.task, cancelling.signal) };
  } catch (error) {
    const { code, message, reason, params } = layerFailure(error);
    answer = { failure: { code, message, params, ...(reason && { reason }) } };
  }
  port.postMessage(answer);
});
