import type { SystemDataUsageResponse } from '@docker/node-sdk';
import { EngineError } from '../../base/errors.ts';
import type { CacheRecord } from '../../services/build/build-service.ts';
import type { ContainerDetails } from '../../services/containers/container-service.ts';
import type { ImageDetails } from '../../services/images/image-service.ts';
import type { VolumeService } from '../../services/volumes/volume-service.ts';
import { type ApiVersion, isAtLeast } from '../api-version.ts';
import { cacheRecordToWire } from './build.ts';
import { containerSummaryToWire } from './container.ts';
import { imageSummaryToWire } from './image.ts';
import { nil } from './nil.ts';
import { volumeUsageToWire } from './volume.ts';

export interface DiskUsage {
  images: readonly ImageDetails[];
  /** Bytes of all layers, each once, and of those of each image that others have too. */
  layers: { bytes: number; shared: ReadonlyMap<string, number> };
  containers: readonly ContainerDetails[];
  volumes: Awaited<ReturnType<VolumeService['usage']>>;
  builds: readonly CacheRecord[];
  instance: string;
}

const allTypes = ['container', 'image', 'volume', 'build-cache'] as const;

export type DiskUsageTypes = ReadonlySet<string>;

/** What is asked for: everything where nothing is named, and before API 1.42. @throws EngineError `invalid` for others. */
export function diskUsageTypes(query: URLSearchParams, version: ApiVersion): DiskUsageTypes {
  const asked = isAtLeast(version, [1, 42]) ? query.getAll('type') : [];
  const unknown = asked.find((type) => !(allTypes as readonly string[]).includes(type));
  if (unknown !== undefined)
    throw new EngineError('invalid', `unknown object type: ${unknown}`, {
      reason: 'request.invalid',
      params: { field: 'type' },
    });
  return new Set(asked.length > 0 ? asked : allTypes);
}

/** GET /system/df; `types` limits what is counted. */
export function diskUsageToWire(
  { images, layers, containers, volumes, builds, instance }: DiskUsage,
  types: DiskUsageTypes,
  version: ApiVersion,
): SystemDataUsageResponse {
  const users = Map.groupBy(containers, ({ imageId }) => imageId);
  return {
    LayersSize: types.has('image') ? layers.bytes : 0,
    Images: types.has('image')
      ? images.map((image) => {
          const figures = { containers: users.get(image.id)?.length ?? 0, shared: layers.shared.get(image.id) ?? 0 };
          return imageSummaryToWire(image, figures, version);
        })
      : nil,
    Containers: types.has('container') ? containers.map((one) => containerSummaryToWire(one, instance)) : nil,
    Volumes: types.has('volume') ? volumes.map(volumeUsageToWire) : nil,
    BuildCache:
      types.has('build-cache') && (builds.length > 0 || isAtLeast(version, [1, 42]))
        ? builds.map(cacheRecordToWire)
        : nil,
  };
}
