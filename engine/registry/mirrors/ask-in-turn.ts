import { RegistryFailure } from '../registry-failure.ts';
import { type Attempt, type Source, SourcesFailure } from './source.ts';

export interface Turn<T> {
  /** In the order in which they are asked; one at least. */
  candidates: readonly Source[];
  /** `last`: nobody else can be asked any more, so that there is time. @throws RegistryFailure; the signal's reason. */
  ask(source: Source, how: { signal: AbortSignal; last: boolean }): Promise<T>;
  /** Lets go of an answer that came too late. */
  drop(value: T): void;
  /** Milliseconds without an answer before the next one is asked beside it. */
  hedge: number;
  signal: AbortSignal;
  onHedge(source: Source): void;
  onFailure(attempt: Attempt, took: number): void;
}

export interface Answer<T> {
  source: Source;
  value: T;
  /** Milliseconds. */
  took: number;
}

interface Asked<T> {
  source: Source;
  cancel: AbortController;
  ended: Promise<Ended<T>>;
}
type Ended<T> = { asked: Asked<T>; took: number } & ({ value: T } | { error: unknown });

const mostAtOnce = 2;

/**
 * Asks one after the other until one answers. One that is silent keeps its chance while the next is asked beside it; the
 * first answer counts.
 *
 * @throws SourcesFailure with what each said; anything that is no RegistryFailure as it is.
 */
export async function askInTurn<T>(turn: Turn<T>): Promise<Answer<T>> {
  const waiting = [...turn.candidates];
  const going = new Set<Asked<T>>();
  const attempts: Attempt[] = [];
  try {
    for (;;) {
      if (going.size === 0) {
        const next = waiting.shift();
        if (!next) throw new SourcesFailure(attempts);
        going.add(begin(turn, next, waiting.length === 0));
      }
      const ended = await firstOf(going, waiting.length > 0 && going.size < mostAtOnce ? turn.hedge : undefined);
      if (ended === 'silent') {
        for (const { source } of going) turn.onHedge(source);
        const next = waiting.shift();
        if (next) going.add(begin(turn, next, waiting.length === 0));
        continue;
      }
      const { asked, took } = ended;
      going.delete(asked);
      if ('value' in ended) return { source: asked.source, value: ended.value, took };
      if (!(ended.error instanceof RegistryFailure)) throw ended.error;
      const attempt = { source: asked.source, failure: ended.error };
      attempts.push(attempt);
      turn.onFailure(attempt, took);
    }
  } finally {
    for (const { cancel, ended } of going) {
      cancel.abort();
      void ended.then((late) => 'value' in late && turn.drop(late.value));
    }
  }
}

function begin<T>(turn: Turn<T>, source: Source, last: boolean): Asked<T> {
  const cancel = new AbortController();
  const began = performance.now();
  const signal = AbortSignal.any([turn.signal, cancel.signal]);
  const asked = { source, cancel } as Asked<T>;
  const took = () => Math.round(performance.now() - began);
  asked.ended = turn.ask(source, { signal, last }).then(
    (value) => ({ asked, took: took(), value }),
    (error: unknown) => ({ asked, took: took(), error }),
  );
  return asked;
}

/** The first that ends, or `silent` when none does in time. */
async function firstOf<T>(going: ReadonlySet<Asked<T>>, hedge: number | undefined): Promise<Ended<T> | 'silent'> {
  const ends = [...going].map(({ ended }) => ended);
  if (hedge === undefined) return Promise.race(ends);
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<'silent'>((resolve) => (timer = setTimeout(resolve, hedge, 'silent')));
  try {
    return await Promise.race([...ends, silence]);
  } finally {
    clearTimeout(timer);
  }
}
