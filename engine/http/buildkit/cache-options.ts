import { EngineError } from '../../base/errors.ts';
import type { BuildRequest } from '../../services/build/build-service.ts';
import { notThereYet } from '../not-there-yet.ts';
import type { CacheOptionsEntry, SolveRequest } from './generated/control_pb.ts';

type CacheRequest = Pick<BuildRequest, 'cacheFrom' | 'cacheTo' | 'inlineCache'>;

/**
 * Where a build takes steps from and gives them to (docker/buildx: --cache-from, --cache-to).
 * @throws EngineError `invalid`, `not-implemented` for where no cache can be put; from where none can be taken is a warning
 */
export function cacheOptionsOf({ Cache }: SolveRequest, warn: (words: string) => void): CacheRequest {
  const imports = Cache?.Imports ?? [];
  const exports = Cache?.Exports ?? [];
  for (const { Type } of imports.filter(({ Type }) => Type !== 'registry'))
    warn(`the cache of type ${Type} was not read: Beluga reads caches in registries only`);
  for (const { Type } of exports)
    if (Type !== 'registry' && Type !== 'inline')
      throw notThereYet(`giving a build's cache out (--cache-to type=${Type})`);
  return {
    cacheFrom: imports.filter(({ Type }) => Type === 'registry').map(referenceOf),
    cacheTo: exports
      .filter(({ Type }) => Type === 'registry')
      .map((entry) => ({
        reference: referenceOf(entry),
        isWhole: entry.Attrs.mode === 'max',
        ignoresErrors: entry.Attrs['ignore-error'] === 'true',
      })),
    inlineCache: exports.some(({ Type }) => Type === 'inline'),
  };
}

function referenceOf({ Type, Attrs }: CacheOptionsEntry): string {
  if (Attrs.ref) return Attrs.ref;
  throw new EngineError('invalid', `a cache of type ${Type} needs a ref`, {
    reason: 'request.invalid',
    params: { field: 'cache' },
  });
}
