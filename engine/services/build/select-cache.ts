import type { CacheFilter, CacheRecord } from './build-service.ts';

/** Bytes of the filesystem that the cache is on. */
export interface CacheDisk {
  total: number;
  free: number;
}

/**
 * What a prune takes, the longest unused first and only as much as its limits ask for (BuildKit, `PruneInfo`). What a build uses
 * is never taken. Pure.
 */
export function selectToPrune(
  records: readonly CacheRecord[],
  filter: CacheFilter,
  disk: Pick<CacheDisk, 'free'>,
): CacheRecord[] {
  const keep = bytesToKeep(records, filter, disk);
  let total = ownBytes(records);
  const gone: CacheRecord[] = [];
  const oldestFirst = records.toSorted((one, other) => one.lastUsed.getTime() - other.lastUsed.getTime());
  for (const record of oldestFirst) {
    if (keep !== undefined && total <= keep) break;
    if (record.inUse || !matches(record, filter)) continue;
    gone.push(record);
    total -= record.shared ? 0 : record.size;
  }
  return gone;
}

/** Bytes that become free: those of shared layers stay with their images. */
export const ownBytes = (records: readonly CacheRecord[]): number =>
  records.reduce((sum, { size, shared }) => sum + (shared ? 0 : size), 0);

/** Undefined: nothing has to stay. */
function bytesToKeep(
  records: readonly CacheRecord[],
  { reservedBytes = 0, maximumBytes = 0, minimumFreeBytes = 0 }: CacheFilter,
  { free }: Pick<CacheDisk, 'free'>,
): number | undefined {
  if (reservedBytes === 0 && maximumBytes === 0 && minimumFreeBytes === 0) return undefined;
  const excess = minimumFreeBytes - free;
  const limits = [
    ...(maximumBytes > 0 ? [maximumBytes] : []),
    ...(excess > 0 ? [Math.max(0, ownBytes(records) - excess)] : []),
    // only what is reserved was said: all that is above goes
    ...(maximumBytes === 0 && minimumFreeBytes === 0 ? [reservedBytes] : []),
  ];
  const most = limits.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...limits);
  return Math.max(most, reservedBytes);
}

function matches(record: CacheRecord, filter: CacheFilter): boolean {
  const { all = false, unusedSince, ids, parents, types, descriptions, inUse, shared } = filter;
  if (unusedSince && record.lastUsed >= unusedSince) return false;
  if (!all && shared !== true && record.shared) return false;
  if (inUse !== undefined && record.inUse !== inUse) return false;
  if (shared !== undefined && record.shared !== shared) return false;
  const isOneOf = (list: readonly string[] | undefined, fits: (value: string) => boolean) => !list || list.some(fits);
  return (
    isOneOf(ids, (id) => record.id.startsWith(id.slice(0, 25)) && id !== '') &&
    isOneOf(parents, (id) => record.parent?.startsWith(id.slice(0, 25)) === true && id !== '') &&
    isOneOf(types, (type) => record.type === type) &&
    isOneOf(descriptions, (words) => record.description === words)
  );
}
