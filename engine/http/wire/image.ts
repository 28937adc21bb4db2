import type {
  HistoryResponseItem,
  ImageDeleteResponseItem,
  ImageInspect,
  ImageSummary,
  ImageConfig as WireImageConfig,
} from '@docker/node-sdk';
import { healthConfigJson } from '../../base/health-config.ts';
import type { ImageConfig, ImageDetails, LoadMessage, RemovedImage } from '../../services/images/image-service.ts';
import { type ApiVersion, isAtLeast } from '../api-version.ts';
import type { BelugaImage } from '../extension-types.ts';
import { listOrNil, nil } from './nil.ts';
import { graphDriverName } from './system.ts';
import { timeToWire, zeroTime } from './time.ts';

const seconds = (time: string | undefined) => {
  const parsed = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(parsed) ? 0 : Math.floor(parsed / 1000);
};

const unverified = ({ unverifiedTags }: ImageDetails): BelugaImage =>
  unverifiedTags.length > 0 ? { BelugaUnverified: unverifiedTags } : {};

/** `shared`: bytes of layers that other images have too, where they were asked for. Before API 1.43 lists had `<none>` where there is no name; `VirtualSize` went with 1.44. */
export function imageSummaryToWire(
  image: ImageDetails,
  { containers, shared = -1 }: { containers: number; shared?: number },
  version: ApiVersion,
): ImageSummary {
  const names = isAtLeast(version, [1, 43]);
  const orNone = (list: readonly string[], none: string) => (list.length > 0 || names ? [...list] : [none]);
  return {
    Id: image.id,
    ParentId: image.parent ?? '',
    RepoTags: orNone(image.repoTags, '<none>:<none>'),
    ...unverified(image),
    RepoDigests: orNone(image.repoDigests, '<none>@<none>'),
    Created: seconds(image.created),
    Size: image.size,
    SharedSize: shared,
    ...(!isAtLeast(version, [1, 44]) && { VirtualSize: image.size }),
    Labels: { ...image.config.labels },
    Containers: containers,
  };
}

const emptySet = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, {}]));

function configToWire(config: ImageConfig): WireImageConfig {
  return {
    User: config.user ?? '',
    ...(config.exposedPorts.length > 0 && { ExposedPorts: emptySet(config.exposedPorts) }),
    Env: [...config.environment],
    Cmd: listOrNil(config.command),
    ...(config.volumes.length > 0 && { Volumes: emptySet(config.volumes) }),
    WorkingDir: config.workingDirectory ?? '',
    Entrypoint: listOrNil(config.entrypoint),
    OnBuild: config.onBuild ? [...config.onBuild] : null,
    Labels: { ...config.labels },
    ...(config.stopSignal && { StopSignal: config.stopSignal }),
    ...(config.shell && { Shell: [...config.shell] }),
    ...(config.healthCheck && { Healthcheck: healthConfigJson(config.healthCheck) }),
  };
}

/** GET /images/{name}/json */
export function imageToWire(image: ImageDetails, snapshotter: string, version: ApiVersion): ImageInspect {
  return {
    Id: image.id,
    RepoTags: [...image.repoTags],
    ...unverified(image),
    RepoDigests: [...image.repoDigests],
    Parent: image.parent ?? '',
    Comment: image.comment,
    // absent when unknown since API 1.44, a zero time before
    ...(image.created ? { Created: image.created } : !isAtLeast(version, [1, 44]) && { Created: zeroTime }),
    DockerVersion: '',
    Author: image.author,
    Config: configToWire(image.config),
    Architecture: image.architecture,
    ...(image.variant && { Variant: image.variant }),
    Os: image.os,
    Size: image.size,
    ...(!isAtLeast(version, [1, 44]) && { VirtualSize: image.size }),
    GraphDriver: { Name: graphDriverName(snapshotter), Data: {} },
    RootFS: { Type: 'layers', Layers: [...image.diffIds] },
    Metadata: { LastTagTime: timeToWire(image.lastTagged) },
  };
}

/** GET /images/{name}/history, newest first. */
export function historyToWire(image: ImageDetails): HistoryResponseItem[] {
  return image.history
    .map(({ created, createdBy, comment, size }) => ({
      Id: '<missing>',
      Created: seconds(created),
      CreatedBy: createdBy ?? '',
      Tags: nil,
      Size: size,
      Comment: comment ?? '',
    }))
    .reverse()
    .map((item, index) =>
      index === 0 ? { ...item, Id: image.id, Tags: image.repoTags.length > 0 ? [...image.repoTags] : nil } : item,
    );
}

/** A line of POST /images/load. */
export function loadMessageToWire(message: LoadMessage): string {
  if ('loaded' in message) {
    const label = message.loaded.startsWith('sha256:') ? 'Loaded image ID' : 'Loaded image';
    return JSON.stringify({ stream: `${label}: ${message.loaded}\n` });
  }
  const { status, id, current, total } = message;
  return JSON.stringify({
    status,
    ...(current !== undefined && { progressDetail: { current, ...(total !== undefined && { total }) } }),
    ...(id && { id }),
  });
}

/** DELETE /images/{name} and POST /images/prune */
export function removedToWire(removed: readonly RemovedImage[]): ImageDeleteResponseItem[] {
  return removed.map(({ untagged, deleted }) => ({
    ...(untagged && { Untagged: untagged }),
    ...(deleted && { Deleted: deleted }),
  }));
}
