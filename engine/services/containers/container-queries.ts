import { createChannel } from '../../base/channel.ts';
import { toEngineError, unlessMissing } from '../../base/errors.ts';
import { containerSnapshot } from '../../storage/collect/collector.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { ImageDetails, ImageService } from '../images/image-service.ts';
import { detailsOf } from './container-details.ts';
import { listContainers } from './container-filters.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerDetails, ContainerExit, ContainerService, ListContainers } from './container-service.ts';
import type { ContainerStore } from './container-store.ts';
import type { ExitWaits } from './exit-waits.ts';
import type { LinkBook } from './links.ts';
import { isLive } from './state-machine.ts';

export interface QueryDependencies {
  store: ContainerStore;
  links: LinkBook;
  waits: ExitWaits;
  paths: ContainerPaths;
  snapshots: Pick<Snapshotter, 'usage'>;
  images(): Pick<ImageService, 'inspect' | 'list'>;
}

/** What only looks, outside of every lock. */
export function createContainerQueries(
  dependencies: QueryDependencies,
): Pick<ContainerService, 'list' | 'inspect' | 'wait'> {
  const { store, waits, paths, links, images } = dependencies;
  // a record is replaced whole on every change
  const known = new WeakMap<ContainerRecord, ContainerDetails>();
  const details = (record: ContainerRecord, names = links.names()): ContainerDetails => {
    const found = known.get(record) ?? { ...detailsOf(record, paths), links: [], linkedAs: [] };
    known.set(record, found);
    const own = links.linksOf(record);
    const linkedAs = names.get(record.id) ?? [];
    // these are other records' as well
    return own.length + linkedAs.length === 0 ? found : { ...found, links: own, linkedAs };
  };
  const measured = async (record: ContainerRecord, names = links.names()): Promise<ContainerDetails> => ({
    ...details(record, names),
    sizes: await sizesOf(dependencies, record),
  });
  return {
    async list(request = {}) {
      const ancestors = await imagesOf(request, images());
      const imagesFrom = (name: string) => ancestors.get(name) ?? new Set<string>();
      const found = listContainers(store.all(), request, { resolve: store.resolve, imagesFrom });
      const names = links.names();
      if (!request.sizes) return found.map((record) => details(record, names));
      const measuring: ContainerDetails[] = [];
      for (const record of found) measuring.push(await measured(record, names));
      return measuring;
    },
    async inspect(name, { sizes = false } = {}) {
      const record = store.resolve(name);
      return sizes ? measured(record) : details(record);
    },
    async wait(name, until) {
      const { id, state, status } = store.resolve(name);
      if (until !== 'not-running') return waits.wait(id, until);
      if (isLive(state)) return waits.wait(id, 'next-exit');
      const channel = createChannel<ContainerExit>();
      channel.push({ exitCode: status.exitCode });
      channel.end();
      return channel;
    },
  };
}

/** What a container has written, and that with its image; nothing of one that is removed meanwhile. */
async function sizesOf(
  { snapshots, images }: QueryDependencies,
  { id, fixed }: ContainerRecord,
): Promise<{ writable: number; root: number }> {
  const written = await unlessMissing(snapshots.usage(containerSnapshot(id)));
  const image = await unlessMissing(images().inspect(fixed.imageId));
  const writable = written?.bytes ?? 0;
  return { writable, root: writable + (image?.size ?? 0) };
}

/** For each `ancestor`: the image itself and those that were made of it, as far as their layers and parents tell. */
async function imagesOf(
  { filters = {} }: ListContainers,
  images: Pick<ImageService, 'inspect' | 'list'>,
): Promise<Map<string, ReadonlySet<string>>> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const name of filters.ancestor ?? []) {
    const image = await images.inspect(name).catch((error) => {
      if (['not-found', 'invalid'].includes(toEngineError(error).code)) return undefined;
      throw error;
    });
    if (!image) continue;
    found.set(name, descendantsOf(image, await images.list()));
  }
  return found;
}

function descendantsOf(image: ImageDetails, all: readonly ImageDetails[]): ReadonlySet<string> {
  const isLonger = ({ diffIds }: ImageDetails) =>
    diffIds.length > image.diffIds.length && image.diffIds.every((layer, index) => diffIds[index] === layer);
  const ids = new Set<string>([image.id, ...all.filter(isLonger).map(({ id }) => id)]);
  // a commit of a container that wrote nothing has no layer of its own
  for (let before = 0; before !== ids.size; ) {
    before = ids.size;
    for (const { id, parent } of all) if (parent && ids.has(parent)) ids.add(id);
  }
  return ids;
}
