import { EngineError } from '../../base/errors.ts';
import type { CacheFilter } from '../../services/build/build-service.ts';
import type { PruneRequest } from './generated/control_pb.ts';

const nanosecondsOfMillisecond = 1_000_000n;

const lists = { id: 'ids', parent: 'parents', type: 'types', description: 'descriptions' } as const;
const flags = { inuse: 'inUse', shared: 'shared' } as const;

/**
 * What buildx asks to be pruned; its filters are `key==value`, several with commas between them.
 * @throws EngineError `invalid` for a filter that is not known
 */
export function cacheFilterOf(request: PruneRequest): CacheFilter {
  const { filter, all, keepDuration, reservedSpace, maxUsedSpace, minFreeSpace } = request;
  const found: CacheFilter = { all };
  for (const each of filter.flatMap((words) => words.split(',')).filter((words) => words !== ''))
    Object.assign(found, filterOf(each));
  return {
    ...found,
    ...(keepDuration > 0n && { unusedSince: new Date(Date.now() - Number(keepDuration / nanosecondsOfMillisecond)) }),
    ...(reservedSpace > 0n && { reservedBytes: Number(reservedSpace) }),
    ...(maxUsedSpace > 0n && { maximumBytes: Number(maxUsedSpace) }),
    ...(minFreeSpace > 0n && { minimumFreeBytes: Number(minFreeSpace) }),
  };
}

function filterOf(words: string): CacheFilter {
  const [, key = '', value = ''] = /^(\w+)==?(.+)$/.exec(words) ?? [];
  if (Object.hasOwn(lists, key)) return { [lists[key as keyof typeof lists]]: [value] };
  if (Object.hasOwn(flags, key)) return { [flags[key as keyof typeof flags]]: value !== 'false' };
  if (key === 'private') return { shared: value === 'false' };
  throw new EngineError(
    'invalid',
    `the build cache is not pruned by ${words}: say id, type, parent, description, inuse, shared, private or until`,
    {
      reason: 'request.invalid',
      params: { field: 'filter' },
    },
  );
}
