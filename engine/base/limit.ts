/** Lets so many run at once; the rest waits in the order it came. */
export interface Limit {
  /** @throws the signal's reason while it waits, and whatever the work throws. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** @param most asked each time one comes or leaves */
export function createLimit(most: () => number): Limit {
  const waiting: (() => void)[] = [];
  let running = 0;

  const enter = (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (running < most()) {
      running++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiting.splice(waiting.indexOf(go), 1);
        reject(signal.reason);
      };
      const go = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.push(go);
    });
  };
  return {
    async run(work, signal) {
      await enter(signal);
      try {
        return await work();
      } finally {
        running--;
        while (waiting.length > 0 && running < most()) {
          // its place is taken before anybody else can come
          running++;
          waiting.shift()?.();
        }
      }
    },
  };
}
