import { Worker } from 'node:worker_threads';
import type { Digest } from '../../base/digest.ts';
import type { ErrorReason } from '../../base/error-reasons.ts';
import { EngineError, type ErrorCode, type ErrorParams } from '../../base/errors.ts';
import type { StreamedLayer } from './layer-stream.ts';
import { layerThread } from './layer-thread.ts';
import type { LayerLimits } from './layer-writer.ts';
import type { LayerTarget } from './snapshotter.ts';

export interface UnpackRequest {
  /** The layer's blob: a tar, plain or compressed by gzip or zstd. */
  file: string;
  target: LayerTarget;
  /** Checked in the same pass when given; what was written before a mismatch shows is the caller's to remove. */
  digest?: Digest;
  diffId?: Digest;
}

export interface UnpackedLayer extends StreamedLayer {
  /** Of the blob as it is; absent when no digest was asked to be checked. */
  digest?: Digest;
}

/** Work on the files of layers, in threads of its own. The process's umask must be 0, which only the main thread can set. */
export interface LayerUnpacker {
  /**
   * @throws EngineError `invalid` with `image.truncated`, `image.not-an-image`, `image.layer-escapes`,
   * `image.digest-mismatch`; `unavailable` with `storage.disk-full`; `cancelled`.
   */
  unpack(request: UnpackRequest, signal?: AbortSignal): Promise<UnpackedLayer>;
  /** A copy with owners, modes, times, links and attributes, into the empty directory `to`. */
  copy(from: string, to: string): Promise<void>;
  remove(directory: string): Promise<void>;
  measure(directory: string): Promise<{ bytes: number; inodes: number }>;
  /** Everything written on the filesystem of `directory` is on the disk when it resolves. */
  sync(directory: string): Promise<void>;
  /** Waits for what runs, then ends the threads. */
  close(): Promise<void>;
}

/** What the worker is told and what it answers; the worker imports these types. */
export type WorkerTask =
  | ({ kind: 'unpack'; limits: LayerLimits } & UnpackRequest)
  | { kind: 'copy'; from: string; to: string }
  | { kind: 'remove' | 'measure' | 'sync'; directory: string };
export type WorkerRequest = { task: WorkerTask } | { cancel: true };
export type WorkerAnswer = { result: unknown } | { failure: WorkerFailure };
export interface WorkerFailure {
  code: ErrorCode;
  message: string;
  reason?: ErrorReason;
  params: ErrorParams;
}

interface Job {
  task: WorkerTask;
  signal: AbortSignal | undefined;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Starts threads as they are needed, `threads` at most; idle ones do not keep the process alive. */
export function createLayerUnpacker(options: { threads?: number; limits: LayerLimits }): LayerUnpacker {
  const threads = options.threads ?? 2;
  const queue: Job[] = [];
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const running = new Set<Promise<unknown>>();
  let closed = false;

  const pump = () => {
    while (queue.length > 0) {
      const worker = idle.pop() ?? (all.size < threads ? startWorker(all) : undefined);
      const job = worker && queue.shift();
      if (!worker || !job) return;
      void runJob(worker, job).then((alive) => {
        if (alive) idle.push(worker);
        pump();
      });
    }
  };
  const run = (task: WorkerTask, signal?: AbortSignal): Promise<unknown> => {
    if (closed) return Promise.reject(new EngineError('unavailable', 'the engine is shutting down'));
    const done = new Promise<unknown>((resolve, reject) => queue.push({ task, signal, resolve, reject }));
    const settled = done.then(
      () => {},
      () => {},
    );
    running.add(settled);
    void settled.then(() => running.delete(settled));
    pump();
    return done;
  };

  return {
    unpack: async (request, signal) =>
      (await run({ kind: 'unpack', limits: options.limits, ...request }, signal)) as UnpackedLayer,
    copy: async (from, to) => void (await run({ kind: 'copy', from, to })),
    remove: async (directory) => void (await run({ kind: 'remove', directory })),
    measure: async (directory) => (await run({ kind: 'measure', directory })) as { bytes: number; inodes: number },
    sync: async (directory) => void (await run({ kind: 'sync', directory })),
    async close() {
      closed = true;
      while (running.size > 0) await Promise.all(running);
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}

function startWorker(all: Set<Worker>): Worker {
  const worker = new Worker(new URL('./unpack-worker.ts', import.meta.url), layerThread);
  all.add(worker);
  worker.once('exit', () => all.delete(worker));
  return worker;
}

/** Runs one job; resolves to whether the worker can take another. */
function runJob(worker: Worker, { task, signal, resolve, reject }: Job): Promise<boolean> {
  return new Promise((settled) => {
    const finish = (alive: boolean) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      signal?.removeEventListener('abort', cancel);
      worker.unref();
      settled(alive);
    };
    const onMessage = (answer: WorkerAnswer) => {
      if ('result' in answer) resolve(answer.result);
      else reject(new EngineError(answer.failure.code, answer.failure.message, answer.failure));
      finish(true);
    };
    const onError = (error: unknown) => {
      reject(error);
      finish(false);
    };
    const onExit = () => onError(new EngineError('internal', 'a thread of the engine ended unexpectedly'));
    const cancel = () => worker.postMessage({ cancel: true } satisfies WorkerRequest);
    worker.on('message', onMessage).once('error', onError).once('exit', onExit).ref();
    signal?.addEventListener('abort', cancel);
    worker.postMessage({ task } satisfies WorkerRequest);
    if (signal?.aborted) cancel();
  });
}
