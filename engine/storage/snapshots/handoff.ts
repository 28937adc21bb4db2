/** Hands items to one reader: who puts one knows when it was done with. */
export interface Handoff<T> extends AsyncIterable<T> {
  /** Resolves when the reader asks for the next one, or has left. */
  put(item: T): Promise<void>;
  /** After what was put. */
  end(): void;
  /** The reader takes no more: everything put is dropped, and a reader that waits is woken. */
  leave(): void;
}

export function createHandoff<T>(): Handoff<T> {
  const waiting: { item: T; taken: () => void }[] = [];
  let reader: ((result: IteratorResult<T>) => void) | undefined;
  let current: (() => void) | undefined;
  let ended = false;

  const over: IteratorResult<T> = { done: true, value: undefined };
  const step = () => {
    if (!reader) return;
    const next = waiting.shift();
    if (!next && !ended) return;
    const tell = reader;
    reader = undefined;
    current = next?.taken;
    tell(next ? { done: false, value: next.item } : over);
  };
  const leave = () => {
    ended = true;
    current?.();
    for (const { taken } of waiting.splice(0)) taken();
    step();
  };
  return {
    put(item) {
      if (ended) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ item, taken: resolve });
      step();
      return promise;
    },
    end() {
      ended = true;
      step();
    },
    leave,
    [Symbol.asyncIterator]: () => ({
      next() {
        current?.();
        current = undefined;
        return new Promise((resolve) => {
          reader = resolve;
          step();
        });
      },
      async return() {
        leave();
        return over;
      },
    }),
  };
}
