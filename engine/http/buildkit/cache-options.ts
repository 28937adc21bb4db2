import { isDigest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import type { BuildRequest, CachePlace } from '../../services/build/build-service.ts';
import type { ForeignBlobs } from '../../services/images/image-service.ts';
import { notThereYet } from '../not-there-yet.ts';
import type { CacheOptionsEntry, SolveRequest } from './generated/control_pb.ts';

type CacheRequest = Pick<BuildRequest, 'cacheFrom' | 'cacheTo' | 'inlineCache'>;

export interface CacheClient {
  warn(words: string): void;
  /** A store of the client's by its name for it. */
  store(id: string): ForeignBlobs;
}

const isPlace = ({ Type }: CacheOptionsEntry) => Type === 'registry' || Type === 'local';

/**
 * Where a build takes steps from and gives them to (docker/buildx: --cache-from, --cache-to).
 * @throws EngineError `invalid`, `not-implemented` for where no cache can be put; from where none can be taken is a warning
 */
export function cacheOptionsOf({ Cache }: SolveRequest, client: CacheClient): CacheRequest {
  const imports = Cache?.Imports ?? [];
  const exports = Cache?.Exports ?? [];
  for (const { Type } of imports.filter((entry) => !isPlace(entry)))
    client.warn(`the cache of type ${Type} was not read: Beluga reads caches in registries and folders only`);
  for (const { Type } of exports.filter((entry) => !isPlace(entry)))
    if (Type !== 'inline') throw notThereYet(`giving a build's cache out (--cache-to type=${Type})`);
  return {
    cacheFrom: imports.filter(isPlace).map((entry) => placeOf(entry, entry.Attrs.src, client)),
    cacheTo: exports.filter(isPlace).map((entry) => ({
      place: placeOf(entry, entry.Attrs.dest, client),
      isWhole: entry.Attrs.mode === 'max',
      ignoresErrors: entry.Attrs['ignore-error'] === 'true',
    })),
    inlineCache: exports.some(({ Type }) => Type === 'inline'),
  };
}

function placeOf({ Type, Attrs }: CacheOptionsEntry, folder: string | undefined, client: CacheClient): CachePlace {
  const { ref: reference, digest } = Attrs;
  if (Type === 'registry' && reference) return { reference };
  if (Type === 'local' && folder) {
    const manifest = digest !== undefined && isDigest(digest) ? { manifest: digest } : {};
    return { name: folder, blobs: client.store(`local:${folder}`), ...manifest };
  }
  const wanted = Type === 'registry' ? 'a ref' : 'a folder (src or dest)';
  throw new EngineError('invalid', `a cache of type ${Type} needs ${wanted}`, {
    reason: 'request.invalid',
    params: { field: 'cache' },
  });
}
