import type { Container } from '../../../electron/bridge/host.ts';
import { isActive } from '../../host/container-state.ts';

export type Filter = 'all' | 'running' | 'stopped';
export type SortBy = 'name' | 'image' | 'state';

export interface Order {
  by: SortBy;
  down: boolean;
}

const passes: Record<Filter, (container: Container) => boolean> = {
  all: () => true,
  running: isActive,
  stopped: (container) => !isActive(container),
};

/** Rank of a state, those that run first; then the last change, newest first. */
const lastChange = (container: Container) => container.finishedAt ?? container.startedAt ?? container.createdAt;
const ranks: Record<Container['state'], number> = {
  running: 0,
  restarting: 1,
  paused: 2,
  exited: 3,
  created: 4,
  removing: 5,
  dead: 6,
};

const compare: Record<SortBy, (a: Container, b: Container) => number> = {
  name: (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }),
  image: (a, b) => a.image.localeCompare(b.image, 'en', { numeric: true }),
  state: (a, b) => ranks[a.state] - ranks[b.state] || lastChange(b).localeCompare(lastChange(a)),
};

export interface ListQuery {
  filter: Filter;
  search: string;
  order: Order;
}

function matches(container: Container, words: readonly string[]): boolean {
  const ports = container.ports.map(({ hostPort, containerPort }) => `${hostPort ?? ''} ${containerPort}`).join(' ');
  const text = `${container.name}\n${container.image}\n${container.id}\n${container.command}\n${ports}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The ids to show, in order, and how many each filter would show of all. */
export function listContainers(all: readonly Container[], query: ListQuery) {
  const words = query.search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter((container) => matches(container, words));
  const sign = query.order.down ? -1 : 1;
  const shown = found
    .filter(passes[query.filter])
    .sort((a, b) => sign * compare[query.order.by](a, b) || compare.name(a, b));
  return {
    ids: shown.map((container) => container.id),
    /** How many the search alone would show. */
    found: found.length,
    counts: {
      all: all.length,
      running: all.filter(passes.running).length,
      stopped: all.filter(passes.stopped).length,
    } satisfies Record<Filter, number>,
  };
}
