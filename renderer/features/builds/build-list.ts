import type { Build } from '../../../electron/bridge/builds.ts';

export type BuildFilter = 'all' | 'running' | 'failed';

const passes: Readonly<Record<BuildFilter, (build: Build) => boolean>> = {
  all: () => true,
  running: ({ state }) => state === 'running',
  failed: ({ state }) => state === 'failed' || state === 'lost',
};

const textOf = ({ references, folder = '', target = '', dockerfile, imageId = '', id }: Build) =>
  [...references, folder, target, dockerfile, imageId, id].join('\n').toLowerCase();

/** The builds that are asked for, and how many there are of each kind. Pure. */
export function listBuilds(builds: readonly Build[], { filter, search }: { filter: BuildFilter; search: string }) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = builds.filter((build) => words.every((word) => textOf(build).includes(word)));
  const count = (kind: BuildFilter) => found.filter(passes[kind]).length;
  return {
    rows: found.filter(passes[filter]),
    counts: { all: count('all'), running: count('running'), failed: count('failed') },
  };
}
