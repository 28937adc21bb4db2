import type { HistoryResponseItem, ImageInspect } from '@docker/node-sdk';
import type { DockerHost } from '../../engine/compose/docker-host.ts';
import type { ImageConfiguration, ImageDetail, ImageStep } from '../bridge/images.ts';
import { type ImageBook, platformOf } from '../hosts/image-book.ts';

export interface DetailSources {
  readonly host: DockerHost;
  readonly images: ImageBook;
  /** Ids of all images. */
  readonly imageIds: () => readonly string[];
}

/** Steps that change files always, and those that may: the others only write into the configuration. */
const changing: readonly RegExp[] = [
  /^(RUN|COPY|ADD)\b/,
  /^WORKDIR\b/,
  /^(?!(ENV|CMD|ENTRYPOINT|EXPOSE|LABEL|USER|VOLUME|STOPSIGNAL|HEALTHCHECK|ARG|MAINTAINER|ONBUILD|SHELL)\b)/,
];

/** As it stood in the recipe: builders put a shell before it. */
export function instructionOf(createdBy: string): string {
  const text = createdBy.trim().replace(/ # buildkit$/, '');
  const run = /^(?:RUN )?(?:\|\d+ (?:\S+=\S* )*)?\/bin\/sh -c (?!#\(nop\))/.exec(text);
  if (run) return `RUN ${text.slice(run[0].length).trim()}`;
  return text.replace(/^\/bin\/sh -c #\(nop\)\s*/, '').trim();
}

/**
 * Which entries of a history made a layer. Docker's history does not say so: what has a size did; where there are more
 * layers, steps of the kinds that make one, the surest kind first.
 */
function makersOf(history: readonly HistoryResponseItem[], count: number): ReadonlySet<number> {
  const makers = new Set<number>();
  history.forEach((entry, index) => {
    if (entry.Size > 0) makers.add(index);
  });
  for (const kind of changing) {
    history.forEach((entry, index) => {
      if (makers.size < count && kind.test(instructionOf(entry.CreatedBy))) makers.add(index);
    });
  }
  return makers;
}

/** The steps of an image, bottom first, each with the layer that it made. */
export function stepsOf(
  newestFirst: readonly HistoryResponseItem[],
  layers: readonly string[],
  sharedWith: (index: number) => readonly string[],
): ImageStep[] {
  const history = [...newestFirst].reverse();
  const makers = makersOf(history, layers.length);
  // a history that tells of more layers than there are tells of others
  const fits = makers.size <= layers.length;
  let next = 0;
  const layer = () => {
    const diffId = layers[next] ?? '';
    next += 1;
    return { layer: { diffId, sharedWith: sharedWith(next - 1) } };
  };
  const steps = history.map((entry, index): ImageStep => {
    const command = instructionOf(entry.CreatedBy);
    return {
      ...(command && { command }),
      ...(entry.Created > 0 && { createdAt: new Date(entry.Created * 1000).toISOString() }),
      ...(entry.Comment && { comment: entry.Comment }),
      size: entry.Size,
      ...(fits && makers.has(index) && layer()),
    };
  });
  while (fits && next < layers.length) steps.push({ size: 0, ...layer() });
  return steps;
}

function configOf({ Config: config }: ImageInspect): ImageConfiguration {
  const health = config?.Healthcheck?.Test;
  return {
    environment: config?.Env ?? [],
    entrypoint: config?.Entrypoint ?? [],
    command: config?.Cmd ?? [],
    ports: Object.keys(config?.ExposedPorts ?? {}),
    volumes: Object.keys(config?.Volumes ?? {}),
    labels: config?.Labels ?? {},
    user: config?.User ?? '',
    folder: config?.WorkingDir ?? '',
    stopSignal: config?.StopSignal ?? '',
    shell: config?.Shell ?? [],
    ...(health && health.length > 0 && { health }),
  };
}

/** Everything that the host tells of one image; see `images.detail`. */
export async function imageDetail({ host, images, imageIds }: DetailSources, name: string): Promise<ImageDetail> {
  const [inspected, history] = await Promise.all([host.images.inspect(name), host.images.history(name)]);
  const layers = inspected.RootFS?.Layers ?? [];
  const others: { id: string; layers: readonly string[] }[] = [];
  for (const id of imageIds()) {
    const entry = id === inspected.Id ? undefined : await images.look(host.images, id);
    if (entry) others.push({ id, layers: entry.layers });
  }
  // a layer is shared where all below it are the same
  const isSame = (other: readonly string[], upTo: number) =>
    layers.slice(0, upTo + 1).every((diffId, index) => other[index] === diffId);
  const sharedWith = (index: number) => others.filter((other) => isSame(other.layers, index)).map(({ id }) => id);
  return {
    id: inspected.Id ?? '',
    platform: platformOf(inspected),
    author: inspected.Author ?? '',
    comment: inspected.Comment ?? '',
    steps: stepsOf(history, layers, sharedWith),
    config: configOf(inspected),
  };
}
