import { Worker } from 'node:worker_threads';
import type { Digest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import type { StreamedLayer } from './layer-stream.ts';
import { layerThread } from './layer-thread.ts';
import type { WorkerFailure } from './layer-unpacker.ts';
import type { LayerLimits } from './layer-writer.ts';
import type { LayerTarget } from './snapshotter.ts';

export interface IntakeRequest {
  /** Where the blob is kept as it comes; what is in it already is its begin, from an intake that was stopped. */
  file: string;
  digest: Digest;
  /** Bytes. */
  size: number;
  /** Where it is unpacked to in the same pass; absent: it is only kept. */
  target?: LayerTarget;
}

/** A blob that is whole, in its file (not yet durable), of the right digest and size. */
export interface TakenBlob {
  /** The layer, unless it was not to be unpacked, or could not be before its parents are there. */
  layer?: StreamedLayer;
}

/** One blob on its way in. One of `end` and `stop` must be called. */
export interface LayerIntake {
  /** Bytes that were there before: the next ones follow them. */
  readonly kept: Promise<number>;
  /** Resolves when there is room for more; rejects as `end` does. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Everything has come. The file of a blob that is refused is the caller's to remove, as what was unpacked is.
   * @throws EngineError `invalid` with `image.digest-mismatch`, `image.*` of a layer that cannot be unpacked; `unavailable`
   * with `storage.disk-full`.
   */
  end(): Promise<TakenBlob>;
  /** Gives it up; what came remains in the file. Resolves when nothing writes there any more. */
  stop(): Promise<void>;
}

/** Threads that keep, hash, decompress, hash and unpack blobs in one pass, several side by side. */
export interface LayerIntakes {
  begin(request: IntakeRequest): LayerIntake;
  close(): Promise<void>;
}

export type IntakeOrder =
  | { id: number; begin: IntakeRequest & { limits: LayerLimits } }
  | { id: number; chunk: Uint8Array }
  | { id: number; end: true }
  | { id: number; stop: true };
export type IntakeAnswer =
  | { id: number; kept: number }
  /** So many bytes are done with. */
  | { id: number; done: number }
  | { id: number; result: TakenBlob }
  | { id: number; failure: WorkerFailure };

/** Bytes on their way to a thread, for one blob: what bounds the memory. */
const mostUnderWay = 1 << 20;
/** Milliseconds: a thread costs some memory, and starting one some milliseconds. */
const idleTime = 5000;

interface Thread {
  worker: Worker;
  intakes: Map<number, Listener>;
  idle?: NodeJS.Timeout;
}
type Listener = (answer: IntakeAnswer) => void;

/** Starts threads as they are needed, `threads` at most, and ends them when they have been idle for a while. */
export function createLayerIntakes(options: { threads?: number; limits: LayerLimits }): LayerIntakes {
  const most = options.threads ?? 2;
  const threads = new Set<Thread>();
  let lastId = 0;

  const start = (): Thread => {
    const worker = new Worker(new URL('./intake-worker.ts', import.meta.url), layerThread);
    const thread: Thread = { worker, intakes: new Map() };
    const lost = (error?: unknown) => {
      threads.delete(thread);
      const message = error instanceof Error ? error.message : 'a thread of the engine ended unexpectedly';
      for (const [id, tell] of thread.intakes) tell({ id, failure: { code: 'internal', message, params: {} } });
    };
    worker.on('message', (answer: IntakeAnswer) => thread.intakes.get(answer.id)?.(answer));
    worker.once('error', lost).once('exit', () => lost());
    threads.add(thread);
    return thread;
  };
  const leastBusy = (): Thread => {
    const sorted = [...threads].sort((a, b) => a.intakes.size - b.intakes.size);
    const [first] = sorted;
    return first && (first.intakes.size === 0 || threads.size >= most) ? first : start();
  };
  const settled = (thread: Thread, id: number) => {
    thread.intakes.delete(id);
    if (thread.intakes.size > 0) return;
    thread.worker.unref();
    thread.idle = setTimeout(() => {
      threads.delete(thread);
      void thread.worker.terminate();
    }, idleTime).unref();
  };

  return {
    begin(request) {
      const thread = leastBusy();
      clearTimeout(thread.idle);
      thread.worker.ref();
      const id = ++lastId;
      const send = (order: IntakeOrder, moved: ArrayBuffer[] = []) => thread.worker.postMessage(order, moved);
      const { intake, listener } = createIntake(id, send, () => settled(thread, id));
      thread.intakes.set(id, listener);
      send({ id, begin: { ...request, limits: options.limits } });
      return intake;
    },
    async close() {
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };
}

function createIntake(id: number, send: (order: IntakeOrder, moved?: ArrayBuffer[]) => void, onSettled: () => void) {
  const kept = Promise.withResolvers<number>();
  const result = Promise.withResolvers<TakenBlob>();
  // each is looked at where its caller waits; nobody may be waiting yet
  for (const { promise } of [kept, result]) promise.catch(() => {});
  let underWay = 0;
  let room: (() => void) | undefined;
  let isSettled = false;

  const listener: Listener = (answer) => {
    if ('kept' in answer) return kept.resolve(answer.kept);
    if ('done' in answer) {
      underWay -= answer.done;
      if (underWay < mostUnderWay) room?.();
      return;
    }
    if ('result' in answer) result.resolve(answer.result);
    else {
      const { code, message } = answer.failure;
      const error = new EngineError(code, message, answer.failure);
      kept.reject(error);
      result.reject(error);
    }
    isSettled = true;
    room?.();
    onSettled();
  };
  const intake: LayerIntake = {
    kept: kept.promise,
    async write(chunk) {
      if (isSettled) await result.promise;
      underWay += chunk.length;
      // a copy that moves over: a view would take all of the buffer behind it along
      const moved = new Uint8Array(chunk);
      send({ id, chunk: moved }, [moved.buffer]);
      if (underWay < mostUnderWay) return;
      const waiting = Promise.withResolvers<void>();
      room = waiting.resolve;
      await Promise.race([waiting.promise, result.promise]);
    },
    end() {
      send({ id, end: true });
      return result.promise;
    },
    async stop() {
      send({ id, stop: true });
      await result.promise.catch(() => {});
    },
  };
  return { intake, listener };
}
