/** Wakes whoever waits for "something changed": many beats between two waits count as one. */
export interface Pulse {
  readonly count: number;
  beat(): void;
  /** Resolves when more beats happened than `seen`, or at the abort. */
  after(seen: number, signal: AbortSignal): Promise<void>;
}

/** Makes one that has not beaten yet. */
export function createPulse(): Pulse {
  let count = 0;
  const waiting = new Set<() => void>();
  return {
    get count() {
      return count;
    },
    beat() {
      count += 1;
      for (const wake of [...waiting]) wake();
    },
    after(seen, signal) {
      if (count > seen || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    },
  };
}

/** Resolves after so many milliseconds, or at the abort. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
  });
}
