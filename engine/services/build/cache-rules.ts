import type { CacheFilter } from './build-service.ts';
import type { CacheDisk } from './select-cache.ts';

/** `builder.gc` of daemon.json: what is collected after builds. */
export interface CacheRules {
  enabled: boolean;
  /** Bytes that stay in any case; absent: a tenth of the disk. */
  reservedBytes?: number;
  /** Absent: dockerd's own. */
  policy?: readonly CacheRule[];
}

export interface CacheRule extends Omit<CacheFilter, 'unusedSince'> {
  /** Milliseconds. */
  unusedFor?: number;
}

const hour = 3_600_000;
const sourceTypes = ['source.local', 'exec.cachemount', 'source.git.checkout'];

/** Rules for a disk, at a time (milliseconds since the epoch). Pure. Source: BuildKit, "GC policy"; dockerd, `builder.gc`. */
export function rulesFor(
  { enabled, reservedBytes, policy }: CacheRules,
  { total }: CacheDisk,
  now: number,
): CacheFilter[] {
  if (!enabled) return [];
  return (policy ?? dockersRules(reservedBytes, total)).map(({ unusedFor, ...rule }) => ({
    ...rule,
    ...(unusedFor !== undefined && { unusedSince: new Date(now - unusedFor) }),
  }));
}

/** What comes back easily goes first; a size that was said stands instead of the shares of the disk. */
function dockersRules(reserved: number | undefined, total: number): CacheRule[] {
  const limits =
    reserved === undefined
      ? {
          reservedBytes: Math.floor(total * 0.1),
          maximumBytes: Math.floor(total * 0.8),
          minimumFreeBytes: Math.floor(total * 0.2),
        }
      : { reservedBytes: reserved };
  return [
    { types: sourceTypes, unusedFor: 48 * hour, maximumBytes: 512_000_000 },
    { unusedFor: 60 * 24 * hour, ...limits },
    limits,
    { all: true, ...limits },
  ];
}
