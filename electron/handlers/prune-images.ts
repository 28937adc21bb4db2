import type { DockerHost, PruneFilters } from '../../engine/compose/docker-host.ts';
import type { BelugaPrunePreview } from '../../engine/http/extension-types.ts';
import type { Image } from '../bridge/host.ts';
import type { PruneArg, PrunePreview } from '../bridge/images.ts';
import { pruneFilters } from '../hosts/docker-images.ts';

const HOUR = 3_600_000;

export function filtersOf({ what, olderThanHours }: PruneArg): PruneFilters {
  return {
    dangling: what === 'unnamed',
    ...(olderThanHours !== undefined && { until: `${olderThanHours}h` }),
  };
}

/** The same from the list, for a host that does not tell beforehand: what is shared is not freed. */
export function previewFromList(
  images: readonly Image[],
  { what, olderThanHours = 0 }: PruneArg,
  now: number,
): PrunePreview {
  const going = images.filter(
    ({ containers, references, createdAt }) =>
      containers <= 0 &&
      (what === 'unused' || references.length === 0) &&
      Date.parse(createdAt) <= now - olderThanHours * HOUR,
  );
  return {
    images: going.map(({ id, references }) => ({ id, tags: references })),
    freed: going.reduce((sum, { size, shared = 0 }) => sum + Math.max(0, size - shared), 0),
    exact: false,
  };
}

/** What a prune would remove, and free; see `images.prunePreview`. */
export async function prunePreview(
  { system }: DockerHost,
  images: readonly Image[],
  arg: PruneArg,
): Promise<PrunePreview> {
  const query = new URLSearchParams({ filters: pruneFilters(filtersOf(arg)) });
  const told = await system.extension(`/beluga/images/prune?${query}`);
  return told ? { ...(told as BelugaPrunePreview), exact: true } : previewFromList(images, arg, Date.now());
}
