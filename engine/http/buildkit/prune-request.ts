import { EngineError } from '../../base/errors.ts';
import type { CacheFilter } from '../../services/build/build-service.ts';
import type { PruneRequest } from './generated/control_pb.ts';

const nanosecondsOfMillisecond = 1_000_000n;

/** The fields of a filter, as buildx writes them (`id==x,type==y`). */
const fields = { id: 'ids', parents: 'parents', type: 'types', description: 'descriptions' } as const;

/** @throws EngineError `invalid` for a filter that is none */
export function cacheFilterOf(request: PruneRequest): CacheFilter {
  const { filter, all, keepDuration, reservedSpace, maxUsedSpace, minFreeSpace } = request;
  const age = Number(keepDuration / nanosecondsOfMillisecond);
  return {
    all,
    ...(age > 0 && { unusedSince: new Date(Date.now() - age) }),
    ...(reservedSpace > 0n && { reservedBytes: Number(reservedSpace) }),
    ...(maxUsedSpace > 0n && { maximumBytes: Number(maxUsedSpace) }),
    ...(minFreeSpace > 0n && { minimumFreeBytes: Number(minFreeSpace) }),
    ...Object.fromEntries(filter.flatMap((each) => each.split(',')).flatMap(fieldOf)),
  };
}

function fieldOf(text: string): [string, unknown][] {
  if (text === '') return [];
  const [, name = '', value = ''] = /^(\w+)==?"?(.*?)"?$/.exec(text) ?? [];
  const field = Object.hasOwn(fields, name) ? fields[name as keyof typeof fields] : undefined;
  if (field) return [[field, [value]]];
  if (text === 'inuse' || text === 'shared') return [[text === 'inuse' ? 'inUse' : text, true]];
  if (text === 'private') return [['shared', false]];
  throw new EngineError('invalid', `the build cache is not pruned by ${text}`, {
    reason: 'request.invalid',
    params: { field: 'filter' },
  });
}
