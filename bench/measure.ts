import type { Engine } from './engine.ts';
import type { Figures } from './figures.ts';

/** How one thing is measured of several engines. */
export interface Measure {
  /** What a figure is, in a sentence or two. */
  readonly words: string;
  readonly unit: 'ms' | 'MiB';
  /** When nobody says another number. */
  readonly rounds: number;
  /** `ours`: no peer has this; `own`: it opens what it measures itself. All by default. */
  readonly opens?: 'ours' | 'own';
  measure(engines: readonly Engine[], conditions: Conditions): Promise<Figures[]>;
}

/** Opens an engine in a new folder below the root; the measure closes it. */
export type Opener = (folder: string) => Promise<Engine>;

export interface Conditions {
  readonly rounds: number;
  /** The folder above those of the engines, which have their first words as names. */
  readonly root: string;
  /** `dockerdZstd`: one that can read zstd. */
  readonly open: Readonly<Record<'beluga' | 'dockerd' | 'dockerdZstd' | 'podman', Opener>>;
  readonly signal: AbortSignal;
}

/**
 * Calls `work` for each round and engine: every round with another engine first, every other in the opposite order, so
 * that none always comes after the same one and has its leftovers beside it. @throws at the signal
 */
export async function interleave<T>(
  items: readonly T[],
  { rounds, signal }: Conditions,
  work: (item: T) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < items.length; turn++) {
      signal.throwIfAborted();
      const step = round % 2 === 0 ? turn : items.length - 1 - turn;
      const item = items[(round + step) % items.length];
      if (item !== undefined) await work(item);
    }
  }
}
