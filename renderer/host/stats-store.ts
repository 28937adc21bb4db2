import { useEffect } from 'react';
import { create } from 'zustand';
import type { Failure } from '../../electron/bridge/failure.ts';
import type { StatsSample } from '../../electron/bridge/stats.ts';
import { openStream } from './bridge-client.ts';

/** Milliseconds that samples are kept. */
export const statsKept = 600_000;
/** Milliseconds that others are watched on: the next page takes its stream over from the list in the same breath. */
const HANDOVER = 250;
/** Watched on without anybody who looks, at most: those that were left last. A list hands over what a screen holds. */
const LINGERING = { kept: 8, handedOver: 40 };

/** What is known of one container's use. */
export interface StatsHistory {
  /** Oldest first, of the last ten minutes. */
  readonly samples: readonly StatsSample[];
  /** Why no more will come, until somebody asks anew. */
  readonly failure?: Failure | undefined;
}

interface StatsState {
  readonly histories: Readonly<Record<string, StatsHistory>>;
}

const none: StatsHistory = { samples: [] };

const useStats = create<StatsState>()(() => ({ histories: {} }));

/** The samples with more of them, without those that are too old. Pure. */
export function grown(samples: readonly StatsSample[], more: readonly StatsSample[]): readonly StatsSample[] {
  const last = samples.at(-1)?.time ?? 0;
  // a host whose clock was set back begins anew
  const all = (more[0]?.time ?? last) < last ? [...more] : [...samples, ...more];
  const from = (all.at(-1)?.time ?? 0) - statsKept;
  const first = all.findIndex(({ time }) => time >= from);
  return first <= 0 ? all : all.slice(first);
}

function change(id: string, part: (history: StatsHistory) => StatsHistory): void {
  useStats.setState(({ histories }) => ({ histories: { ...histories, [id]: part(histories[id] ?? none) } }));
}

interface Watch {
  users: number;
  leave: () => void;
  /** Milliseconds since the epoch: until then it goes on without users, because one of them wanted it kept. */
  keptUntil: number;
  timer?: ReturnType<typeof setTimeout>;
}

const watches = new Map<string, Watch>();

function open(id: string): Watch {
  change(id, ({ samples }) => ({ samples }));
  const leave = openStream(
    'containers.stats',
    { id },
    {
      onItems: (items) => change(id, ({ samples }) => ({ samples: grown(samples, items) })),
      onEnd: (failure) => {
        if (watches.get(id)?.leave === leave) watches.delete(id);
        change(id, ({ samples }) => ({ samples, failure }));
      },
    },
  );
  return { users: 0, leave, keptUntil: 0 };
}

function close(id: string, watch: Watch): void {
  clearTimeout(watch.timer);
  watch.leave();
  if (watches.get(id) === watch) watches.delete(id);
}

const isKept = ({ keptUntil }: Watch) => keptUntil > Date.now();

function linger(id: string, watch: Watch): void {
  if (watches.get(id) !== watch) return;
  const kept = isKept(watch);
  watch.timer = setTimeout(() => close(id, watch), Math.max(HANDOVER, watch.keptUntil - Date.now()));
  // the one left last stands last
  watches.delete(id);
  watches.set(id, watch);
  const unused = [...watches].filter(([, other]) => other.users === 0 && isKept(other) === kept);
  for (const [old, each] of unused.slice(0, -LINGERING[kept ? 'kept' : 'handedOver'])) close(old, each);
}

/**
 * Has a container watched until the returned function is called; one stream however many ask. It goes on for
 * a moment for who asks next; with `keep` for as long as its samples are kept, so that whoever comes back finds no gap.
 */
export function watchStats(id: string, keep: boolean): () => void {
  const watch = watches.get(id) ?? open(id);
  watches.set(id, watch);
  watch.users += 1;
  clearTimeout(watch.timer);
  return () => {
    watch.users -= 1;
    if (keep) watch.keptUntil = Date.now() + statsKept;
    if (watch.users === 0) linger(id, watch);
  };
}

/** Has a container watched as long as the component is there and `on`; see `watchStats`. */
export function useStatsWatch(id: string, on: boolean, keep = false): void {
  useEffect(() => (on ? watchStats(id, keep) : undefined), [id, on, keep]);
}

/** The use of a container, kept up to date as long as the component is there and `on`; see `watchStats`. */
export function useStatsOf(id: string, on: boolean, keep = true): StatsHistory {
  useStatsWatch(id, on, keep);
  return useStats(({ histories }) => histories[id] ?? none);
}
