/** Work that several may wait for: it is done once, and cancelled when nobody waits any more. */
export interface Flights<P> {
  /**
   * Joins the work of this key, or begins it. `onProgress` is told of the last progress at once.
   * @throws what the work throws; the signal's reason.
   */
  join(key: string, work: (flight: Flight<P>) => Promise<void>, joiner: Joiner<P>): Promise<void>;
}

export interface Flight<P> {
  /** Aborted when the last joiner has left. */
  signal: AbortSignal;
  tell(progress: P): void;
  /** As `tell`, for those who have joined by now; who joins later does not hear it. */
  mention(progress: P): void;
}

export interface Joiner<P> {
  signal: AbortSignal;
  onProgress(progress: P): void;
}

interface Going<P> {
  joiners: Set<Joiner<P>>;
  cancelling: AbortController;
  done: Promise<void>;
  last?: P;
}

export function createFlights<P>(): Flights<P> {
  const all = new Map<string, Going<P>>();

  const begin = (key: string, work: (flight: Flight<P>) => Promise<void>): Going<P> => {
    const cancelling = new AbortController();
    const joiners = new Set<Joiner<P>>();
    const mention = (progress: P) => {
      for (const joiner of joiners) joiner.onProgress(progress);
    };
    const tell = (progress: P) => {
      going.last = progress;
      mention(progress);
    };
    const forget = () => {
      if (all.get(key) === going) all.delete(key);
    };
    const going: Going<P> = { joiners, cancelling, done: Promise.resolve() };
    going.done = work({ signal: cancelling.signal, tell, mention }).finally(forget);
    // whoever has left does not hear of its end
    going.done.catch(() => {});
    all.set(key, going);
    return going;
  };

  return {
    async join(key, work, joiner) {
      for (;;) {
        joiner.signal.throwIfAborted();
        const going = all.get(key);
        // one that is being cancelled still writes: the next begins after it
        if (!going?.cancelling.signal.aborted) return wait(going ?? begin(key, work), joiner);
        await going.done.catch(() => {});
      }
    },
  };
}

async function wait<P>(going: Going<P>, joiner: Joiner<P>): Promise<void> {
  const { joiners, cancelling } = going;
  const left = Promise.withResolvers<never>();
  const leave = () => left.reject(joiner.signal.reason);
  joiners.add(joiner);
  if (going.last !== undefined) joiner.onProgress(going.last);
  joiner.signal.addEventListener('abort', leave, { once: true });
  try {
    await Promise.race([going.done, left.promise]);
  } finally {
    joiner.signal.removeEventListener('abort', leave);
    joiners.delete(joiner);
    if (joiners.size === 0) cancelling.abort(joiner.signal.aborted ? joiner.signal.reason : undefined);
    // whoever cancels waits until nothing is written any more
    if (joiner.signal.aborted && joiners.size === 0) await going.done.catch(() => {});
  }
}
