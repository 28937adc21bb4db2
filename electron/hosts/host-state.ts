import type { ContainerInspectResponse, ContainerSummary } from '@docker/node-sdk';
import type { ListedImage } from '../../engine/compose/docker-host.ts';
import type { Container, ContainerHealth, ContainerState, EntityPatch, Image, PortMapping } from '../bridge/host.ts';

/** An image of a list, with what was found when it was looked at. */
export interface KnownImage extends ListedImage {
  readonly platform?: string;
}

/**
 * The entities of one host, normalised, with what changed since it was last told. Pure: no clock, no I/O. Several readers
 * each take their own changes by `HostState.reader`.
 */
export interface HostState {
  readonly containers: ReadonlyMap<string, Container>;
  /** False until `replace` was called once. */
  readonly listed: boolean;
  images(): readonly Image[];
  /** Everything anew, after a connect: what is not in the lists is gone. */
  replace(containers: readonly Container[], images: readonly KnownImage[]): void;
  putContainer(container: Container): void;
  removeContainer(id: string): void;
  replaceImages(images: readonly KnownImage[]): void;
  /** A reader that has seen everything up to now. */
  reader(): ChangeReader;
}

export interface ChangeReader {
  /** What changed since the last time, each entity at most once; undefined when nothing did. */
  take(): { containers?: EntityPatch<Container>; images?: EntityPatch<Image> } | undefined;
  close(): void;
}

/** Docker's zero time stands for "never". */
function timeOf(text: string | null | undefined): string | undefined {
  return text === undefined || text === null || text === '' || text.startsWith('0001-') ? undefined : text;
}

function portsOf(ports: Record<string, { HostIp?: string; HostPort?: string }[] | null> | undefined): PortMapping[] {
  return Object.entries(ports ?? {}).flatMap(([key, bindings]) => {
    const [port, protocol = 'tcp'] = key.split('/');
    const containerPort = Number(port);
    if (!bindings || bindings.length === 0) return [{ containerPort, protocol }];
    return bindings.map((binding) => ({
      containerPort,
      protocol,
      ...(binding.HostIp ? { hostIp: binding.HostIp } : {}),
      ...(binding.HostPort ? { hostPort: Number(binding.HostPort) } : {}),
    }));
  });
}

const healths: readonly string[] = ['starting', 'healthy', 'unhealthy'] satisfies ContainerHealth[];

/** Docker says `unhealthy` of one that has ended or is paused too: there it means nothing. */
function healthOf(status: ContainerInspectResponse['State']): Pick<Container, 'health'> {
  const found = status?.Health?.Status;
  if (status?.Status !== 'running' || !found || !healths.includes(found)) return {};
  return { health: found as ContainerHealth };
}

const hasEnded: ReadonlySet<ContainerState> = new Set(['exited', 'dead', 'removing', 'restarting']);

/** The limits that a container was given, by `--cpus` or by quota and period, and by `--memory`. */
function limitsOf({ HostConfig: config }: ContainerInspectResponse): Pick<Container, 'cpuLimit' | 'memoryLimit'> {
  const period = config?.CpuPeriod || 100_000;
  const cpus = config?.NanoCpus ? config.NanoCpus / 1e9 : Math.max(0, config?.CpuQuota ?? 0) / period;
  const memory = config?.Memory ?? 0;
  return { ...(cpus > 0 ? { cpuLimit: cpus * 100 } : {}), ...(memory > 0 ? { memoryLimit: memory } : {}) };
}

/** A container as the renderer knows it, of the host's inspection. */
export function toContainer(inspected: ContainerInspectResponse): Container {
  const { State: status, Config: config } = inspected;
  const state = status?.Status ?? 'created';
  const startedAt = timeOf(status?.StartedAt);
  const finishedAt = timeOf(status?.FinishedAt);
  return {
    id: inspected.Id ?? '',
    name: (inspected.Name ?? '').replace(/^\//, ''),
    image: config?.Image ?? '',
    imageId: inspected.Image ?? '',
    command: [inspected.Path ?? '', ...(inspected.Args ?? [])].join(' ').trim(),
    state,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(hasEnded.has(state) && status?.ExitCode !== undefined ? { exitCode: status.ExitCode } : {}),
    ...healthOf(status),
    ...(status?.Error ? { error: status.Error } : {}),
    ports: portsOf(inspected.NetworkSettings?.Ports as Parameters<typeof portsOf>[0]),
    ...limitsOf(inspected),
    createdAt: inspected.Created ?? '',
    labels: config?.Labels ?? {},
  };
}

/** As much of a container as a list tells. */
export function toListedContainer(summary: ContainerSummary): Container {
  return {
    id: summary.Id ?? '',
    name: (summary.Names?.[0] ?? '').replace(/^\//, ''),
    image: summary.Image ?? '',
    imageId: summary.ImageID ?? '',
    command: summary.Command ?? '',
    state: summary.State ?? 'created',
    ports: [],
    createdAt: new Date((summary.Created ?? 0) * 1000).toISOString(),
    labels: summary.Labels ?? {},
  };
}

/** An image as the renderer knows it. */
function toImage(summary: KnownImage, containers: number): Image {
  return {
    id: summary.Id,
    references: (summary.RepoTags ?? []).filter((reference) => reference !== '<none>:<none>'),
    digests: (summary.RepoDigests ?? []).filter((reference) => reference !== '<none>@<none>'),
    unverified: summary.BelugaUnverified ?? [],
    size: summary.Size,
    ...(summary.SharedSize >= 0 ? { shared: summary.SharedSize } : {}),
    ...(summary.platform === undefined ? {} : { platform: summary.platform }),
    createdAt: new Date(summary.Created * 1000).toISOString(),
    containers,
  };
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

interface Changes {
  readonly containers: Set<string>;
  readonly images: Set<string>;
}

function patchOf<T>(ids: Set<string>, entities: ReadonlyMap<string, T>): EntityPatch<T> | undefined {
  if (ids.size === 0) return undefined;
  const put: T[] = [];
  const gone: string[] = [];
  for (const id of ids) {
    const entity = entities.get(id);
    if (entity === undefined) gone.push(id);
    else put.push(entity);
  }
  ids.clear();
  return { put, gone };
}

/** Takes `next` over into `current` and names each id that changed to `changed`. */
function merge<T>(current: Map<string, T>, next: ReadonlyMap<string, T>, changed: (id: string) => void): void {
  for (const id of [...current.keys()]) {
    if (next.has(id)) continue;
    current.delete(id);
    changed(id);
  }
  for (const [id, entity] of next) {
    if (same(current.get(id), entity)) continue;
    current.set(id, entity);
    changed(id);
  }
}

/** Makes an empty one. */
export function createHostState(): HostState {
  const containers = new Map<string, Container>();
  const images = new Map<string, Image>();
  let summaries: readonly KnownImage[] = [];
  let listed = false;
  const readers = new Set<Changes>();

  const countImages = () => {
    const used = new Map<string, number>();
    for (const { imageId } of containers.values()) used.set(imageId, (used.get(imageId) ?? 0) + 1);
    const next = new Map(summaries.map((summary) => [summary.Id, toImage(summary, used.get(summary.Id) ?? 0)]));
    merge(images, next, (id) => {
      for (const changes of readers) changes.images.add(id);
    });
  };
  const noteContainer = (id: string) => {
    for (const changes of readers) changes.containers.add(id);
  };

  return {
    containers,
    get listed() {
      return listed;
    },
    images: () => [...images.values()],
    replace(nextContainers, nextImages) {
      listed = true;
      summaries = nextImages;
      merge(containers, new Map(nextContainers.map((container) => [container.id, container])), noteContainer);
      countImages();
    },
    putContainer(container) {
      const before = containers.get(container.id);
      if (same(before, container)) return;
      containers.set(container.id, container);
      noteContainer(container.id);
      if (before?.imageId !== container.imageId) countImages();
    },
    removeContainer(id) {
      if (!containers.delete(id)) return;
      noteContainer(id);
      countImages();
    },
    replaceImages(next) {
      summaries = next;
      countImages();
    },
    reader() {
      const changes: Changes = { containers: new Set(), images: new Set() };
      readers.add(changes);
      return {
        take() {
          const changedContainers = patchOf(changes.containers, containers);
          const changedImages = patchOf(changes.images, images);
          if (!changedContainers && !changedImages) return undefined;
          return {
            ...(changedContainers ? { containers: changedContainers } : {}),
            ...(changedImages ? { images: changedImages } : {}),
          };
        },
        close: () => readers.delete(changes),
      };
    },
  };
}
