/**
 * A queue read as an async iterable. Unlike an async generator, a reader that waits can be ended at any time:
 * leaving the loop (or `return()`) wakes the pending `next()` and runs `onClose` once.
 */
export interface Channel<T> extends AsyncIterableIterator<T> {
  /** Queues an item; ignored after the end. Returns how many items wait to be read. */
  push(item: T): number;
  /** Ends the stream after what is queued. */
  end(): void;
  /** Ends the stream with an error after what is queued. */
  fail(error: unknown): void;
  return(): Promise<IteratorResult<T>>;
}

export interface ChannelOptions {
  /** Runs once, when the reader leaves or the channel ends. */
  onClose?: () => void;
  /** Runs after an item was taken by the reader; for resuming a paused source. */
  onTake?: (waiting: number) => void;
}

/** Makes an empty channel. */
export function createChannel<T>(options: ChannelOptions = {}): Channel<T> {
  const queue: T[] = [];
  const readers: { resolve: (r: IteratorResult<T>) => void; reject: (e: unknown) => void }[] = [];
  let ended = false;
  let failure: { error: unknown } | undefined;
  let closed = false;

  const close = () => {
    if (closed) return;
    closed = true;
    options.onClose?.();
  };
  const settle = () => {
    if (!ended || queue.length > 0) return;
    for (const reader of readers.splice(0)) {
      if (failure) {
        reader.reject(failure.error);
        failure = undefined;
      } else reader.resolve({ done: true, value: undefined });
    }
    close();
  };

  return {
    push(item) {
      if (ended) return 0;
      const reader = readers.shift();
      if (reader) reader.resolve({ done: false, value: item });
      else queue.push(item);
      return queue.length;
    },
    end() {
      ended = true;
      settle();
    },
    fail(error) {
      if (ended) return;
      ended = true;
      failure = { error };
      settle();
    },
    next() {
      if (queue.length > 0) {
        const value = queue.shift() as T;
        options.onTake?.(queue.length);
        settle();
        return Promise.resolve({ done: false, value });
      }
      if (ended) {
        close();
        if (failure) {
          const { error } = failure;
          failure = undefined;
          return Promise.reject(error);
        }
        return Promise.resolve({ done: true, value: undefined });
      }
      return new Promise((resolve, reject) => readers.push({ resolve, reject }));
    },
    return() {
      ended = true;
      failure = undefined;
      queue.length = 0;
      settle();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** What a channel without a queue is read from. */
type Source<T> = { next(): Promise<IteratorResult<T>>; return(): Promise<IteratorResult<T>> };

/** A channel without a queue of its own: the source's limits stay in force, and nothing can be pushed. */
export function pulledChannel<T>(source: Source<T>): Channel<T> {
  return {
    ...source,
    push: () => 0,
    end: () => void source.return(),
    fail: () => void source.return(),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** What work reports, as a channel; leaving it cancels the work. */
export function channelOf<T>(work: (signal: AbortSignal, report: (message: T) => void) => Promise<void>): Channel<T> {
  const cancelling = new AbortController();
  const channel = createChannel<T>({ onClose: () => cancelling.abort() });
  work(cancelling.signal, (message) => void channel.push(message)).then(
    () => channel.end(),
    (error: unknown) => channel.fail(error),
  );
  return channel;
}
