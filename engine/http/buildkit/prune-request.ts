import { EngineError } from '../../base/errors.ts';
import type { CacheFilter } from '../../services/build/build-service.ts';
import type { PruneRequest } from './generated/control_pb.ts';

const nanosecondsOfMillisecond = 1_000_000n;

/** @throws EngineError `invalid` for filters by anything but time and size */
export function cacheFilterOf({ filter, keepDuration, reservedSpace, maxUsedSpace }: PruneRequest): CacheFilter {
  const asked = filter.filter((each) => each !== '');
  if (asked.length > 0)
    throw new EngineError('invalid', `the build cache is not pruned by ${asked.join(', ')}: say until or a size`, {
      reason: 'request.invalid',
      params: { field: 'filter' },
    });
  const keep = reservedSpace || maxUsedSpace;
  return {
    ...(keepDuration > 0n && { unusedSince: new Date(Date.now() - Number(keepDuration / nanosecondsOfMillisecond)) }),
    ...(keep > 0n && { keepBytes: Number(keep) }),
  };
}
