import { Worker } from 'node:worker_threads';
import type { Digest } from '../../base/digest.ts';
import type { ErrorReason } from '../../base/error-reasons.ts';
import { EngineError, type ErrorCode, type ErrorParams } from '../../base/errors.ts';
import { layerThread } from '../snapshots/layer-thread.ts';
import type { ExtractOptions } from './archive-extractor.ts';
import type { CopyRequest, MakeDirectoriesRequest } from './copy-files.ts';
import type { PackRequest } from './pack-changes.ts';
import type { OpenedSource, PathStatus } from './path-in-root.ts';
import type { MissingSource, SelectedSource, SelectRequest } from './select-files.ts';
import type { ChangedTree, TreeChange } from './tree-changes.ts';

/**
 * Files of root filesystems, also such as are written to meanwhile: in a thread of its own, where a filesystem that does not
 * answer holds up nobody else. Roots are descriptors of the caller's; paths are clean (`cleanPath`).
 */
export interface RootFiles {
  /** @throws EngineError `not-found`, `invalid` */
  stat(root: number, path: string): Promise<PathStatus>;
  /** Its directory is to be closed by the caller. @throws EngineError `not-found`, `invalid` */
  source(root: number, path: string): Promise<OpenedSource>;
  /** Where an archive would go, with all symlinks followed. @throws EngineError `not-found`, `invalid` */
  destination(root: number, path: string): Promise<string>;
  /**
   * Unpacks a tar, plain or compressed. A failure of the source, or of the archive, leaves what was whole by then.
   * @throws EngineError `invalid`, `conflict`, `forbidden`, `unavailable` (`storage.disk-full`)
   */
  extract(options: ExtractOptions, archive: AsyncIterable<Uint8Array>): Promise<void>;
  changes(tree: ChangedTree): Promise<readonly TreeChange[]>;
  /** Writes changes to a file as a layer. */
  pack(request: PackRequest): Promise<{ digest: Digest; size: number }>;
  /** Finds files and hashes what is in them. @throws EngineError `invalid` for a pattern that is none */
  select(request: SelectRequest): Promise<readonly (SelectedSource | MissingSource)[]>;
  /** @throws EngineError `invalid`, `unavailable` (`storage.disk-full`) */
  copy(request: CopyRequest): Promise<void>;
  /** Makes a directory and those above it. @throws EngineError `invalid` where a file is on the way */
  makeDirectories(request: MakeDirectoriesRequest): Promise<void>;
  close(): Promise<void>;
}

/** What the thread is told and what it answers; it imports these types. */
export type FilesTask =
  | { kind: 'stat' | 'source' | 'destination'; root: number; path: string }
  | { kind: 'extract'; options: ExtractOptions }
  | { kind: 'changes'; tree: ChangedTree }
  | { kind: 'pack'; request: PackRequest }
  | { kind: 'select'; request: SelectRequest }
  | { kind: 'copy'; request: CopyRequest }
  | { kind: 'makeDirectories'; request: MakeDirectoriesRequest };
export type FilesOrder = { id: number } & (
  | { task: FilesTask }
  | { chunk: Uint8Array }
  | { end: true }
  | { stop: true }
);
export type FilesAnswer = { id: number } & (
  | { done: number }
  | { result: unknown }
  | { failure: { code: ErrorCode; message: string; reason?: ErrorReason; params: ErrorParams } }
);

/** Bytes of one archive on their way to the thread: what bounds the memory. */
const mostUnderWay = 1 << 20;
/** Milliseconds. */
const idleTime = 5000;

type Listener = (answer: FilesAnswer) => void;

interface Thread {
  worker: Worker;
  listeners: Map<number, Listener>;
  idle?: NodeJS.Timeout;
}

/** Starts its thread when there is something to do, and ends it when it has been idle for a while. */
export function createRootFiles(): RootFiles {
  let thread: Thread | undefined;
  let lastId = 0;

  const start = (): Thread => {
    const worker = new Worker(new URL('./files-worker.ts', import.meta.url), layerThread);
    const made: Thread = { worker, listeners: new Map() };
    const lost = (error?: unknown) => {
      if (thread === made) thread = undefined;
      const message = error instanceof Error ? error.message : 'a thread of the engine ended unexpectedly';
      for (const [id, tell] of made.listeners) tell({ id, failure: { code: 'internal', message, params: {} } });
    };
    worker.on('message', (answer: FilesAnswer) => made.listeners.get(answer.id)?.(answer));
    worker.once('error', lost).once('exit', () => lost());
    return made;
  };
  const begin = (task: FilesTask) => {
    thread ??= start();
    const { worker, listeners } = thread;
    const mine = thread;
    clearTimeout(mine.idle);
    worker.ref();
    const id = ++lastId;
    const send = (order: FilesOrder, moved: ArrayBuffer[] = []) => worker.postMessage(order, moved);
    const settled = () => {
      listeners.delete(id);
      if (listeners.size > 0) return;
      worker.unref();
      mine.idle = setTimeout(() => {
        if (thread === mine) thread = undefined;
        void worker.terminate();
      }, idleTime).unref();
    };
    const work = createWork(id, send, settled);
    listeners.set(id, work.listener);
    send({ id, task });
    return work;
  };
  const run = <T>(task: FilesTask) => begin(task).result as Promise<T>;

  return {
    stat: (root, path) => run({ kind: 'stat', root, path }),
    source: (root, path) => run({ kind: 'source', root, path }),
    destination: (root, path) => run({ kind: 'destination', root, path }),
    changes: (tree) => run({ kind: 'changes', tree }),
    pack: (request) => run({ kind: 'pack', request }),
    select: (request) => run({ kind: 'select', request }),
    copy: (request) => run({ kind: 'copy', request }),
    makeDirectories: (request) => run({ kind: 'makeDirectories', request }),
    async extract(options, archive) {
      const work = begin({ kind: 'extract', options });
      try {
        for await (const chunk of archive) await work.write(chunk);
      } catch (error) {
        await work.stop();
        throw error;
      }
      await work.end();
    },
    async close() {
      clearTimeout(thread?.idle);
      await thread?.worker.terminate();
    },
  };
}

function createWork(id: number, send: (order: FilesOrder, moved?: ArrayBuffer[]) => void, onSettled: () => void) {
  const { promise: result, resolve, reject } = Promise.withResolvers<unknown>();
  // looked at where its caller waits; nobody may be waiting yet
  result.catch(() => {});
  let underWay = 0;
  let room: (() => void) | undefined;
  let isSettled = false;
  return {
    result,
    listener(answer: FilesAnswer) {
      if ('done' in answer) {
        underWay -= answer.done;
        if (underWay < mostUnderWay) room?.();
        return;
      }
      isSettled = true;
      if ('result' in answer) resolve(answer.result);
      else reject(new EngineError(answer.failure.code, answer.failure.message, answer.failure));
      room?.();
      onSettled();
    },
    async write(chunk: Uint8Array) {
      if (isSettled) await result;
      underWay += chunk.length;
      // a copy that moves over: a view would take all of the buffer behind it along
      const moved = new Uint8Array(chunk);
      send({ id, chunk: moved }, [moved.buffer]);
      if (underWay < mostUnderWay) return;
      const waiting = Promise.withResolvers<void>();
      room = waiting.resolve;
      await Promise.race([waiting.promise, result]);
    },
    end() {
      send({ id, end: true });
      return result;
    },
    async stop() {
      send({ id, stop: true });
      await result.catch(() => {});
    },
  };
}
