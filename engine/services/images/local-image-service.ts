import { channelOf } from '../../base/channel.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { Registries } from '../../registry/mirrors/registries.ts';
import type { SourceNote } from '../../registry/mirrors/source.ts';
import { hostPlatform, parsePlatform } from '../../registry/platform.ts';
import { familiarReference, parseReference, withDefaultTag } from '../../registry/reference.ts';
import { createCollector, type Root } from '../../storage/collect/collector.ts';
import type { ContentStore } from '../../storage/content/content-store.ts';
import type { LateSync } from '../../storage/late-sync.ts';
import type { Records } from '../../storage/records/records.ts';
import type { LayerIntakes } from '../../storage/snapshots/layer-intake.ts';
import type { LayerUnpacker } from '../../storage/snapshots/layer-unpacker.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { TransferDesk } from '../transfers/transfer-service.ts';
import { type ArchiveLimits, defaultArchiveLimits } from './archive-staging.ts';
import { type BuildRegistries, createBuildImages } from './build-images.ts';
import { commitImage } from './commit-image.ts';
import { removeAndFree } from './free-space.ts';
import type { ImageParts } from './image-parts.ts';
import { imageDetails, openImageRecords } from './image-records.ts';
import type { BuildImages, ImageService, ImageUsers, LoadMessage, PullMessage, PushMessage } from './image-service.ts';
import { createImageSpace } from './image-space.ts';
import { importImage } from './import-image.ts';
import { createLayerChain } from './layer-chain.ts';
import { loadImages } from './load-images.ts';
import { lookUpImage } from './pull/look-up-image.ts';
import { pullAllTags } from './pull/pull-all-tags.ts';
import { defaultPullLimits, type PullLimits } from './pull/pull-blob.ts';
import { pullImage } from './pull/pull-image.ts';
import { createLayerPuller, type LayerPuller } from './pull/pull-layers.ts';
import { pushImage } from './push/push-image.ts';
import { pushIndex } from './push/push-index.ts';
import { openRemoteLayers } from './remote-layers.ts';
import { removeImage } from './remove-image.ts';
import { refusePlatform, resolveImage } from './resolve-image.ts';
import { saveImages } from './save-images.ts';
import { newName, tagImage } from './tag-image.ts';
import type { TransferLimits } from './transfer-limits.ts';

export interface ImageServiceOptions {
  records: Records;
  content: ContentStore;
  snapshots: Snapshotter;
  unpacker: LayerUnpacker;
  events: EventBus;
  users: ImageUsers;
  lateSync: LateSync;
  limits?: ArchiveLimits;
  intakes: LayerIntakes;
  registries: Registries;
  transfers: TransferDesk;
  transferLimits: TransferLimits;
  pullLimits?: PullLimits;
  /** What others than images need of the layers and blobs. */
  roots?: () => Iterable<Root>;
}

/** Milliseconds. */
const longestLook = 60_000;

/**
 * Images in this data root. Making the service clears what an engine that was killed left unfinished; `users` is asked
 * from the first removal on, not before.
 */
export async function createImageService(
  options: ImageServiceOptions,
): Promise<ImageService & { readonly forBuilds: BuildImages }> {
  const { records, content, snapshots, unpacker, events, users, lateSync, limits = defaultArchiveLimits } = options;
  const { registries, transfers, transferLimits } = options;
  const images = openImageRecords(records);
  const roots = function* () {
    yield* images.roots();
    yield* options.roots?.() ?? [];
  };
  const collector = createCollector({ records, content, snapshots, roots });
  const layers = createLayerChain({ content, snapshots, unpacker });
  const parts: ImageParts = { records, images, content, snapshots, collector, layers, events, users, lateSync };
  const puller = createLayerPuller({
    ...{ content, snapshots, unpacker, layers, collector, limit: transferLimits.downloads },
    intakes: options.intakes,
    limits: options.pullLimits ?? defaultPullLimits,
  });
  await collector.recover();

  return {
    forBuilds: createBuildImages(parts, registriesOfBuilds(options, { parts, puller })),
    list: async () => images.all().map((image) => imageDetails(images, image)),
    async inspect(name, { platform } = {}) {
      const { image } = resolveImage(images, name);
      if (platform) refusePlatform(image.details, platform, name);
      return imageDetails(images, image);
    },
    load: (tar) => channelOf<LoadMessage>((signal, report) => loadImages(parts, { tar, limits, signal, report })),
    pull: ({ reference: text, platform, login, owner = 'client', transfer, allTags }) => {
      const reference = parseReference(text);
      const wanted = platform ? parsePlatform(platform) : hostPlatform();
      const name = familiarReference(allTags ? reference : withDefaultTag(reference));
      const bring = allTags && !reference.tag && !reference.digest ? pullAllTags : pullImage;
      const about = { reference: name, platform, owner, ...(transfer && { id: transfer }) };
      return channelOf<PullMessage>((outer, report) =>
        transfers.run({ ...about, signal: outer }, (signal, tell) => {
          const told = (message: PullMessage) => {
            tell(message);
            report(message);
          };
          const note = (one: SourceNote) => told({ note: one });
          const sources = registries.sources(reference, { ...(login && { login }), signal, note });
          return bring({ ...parts, puller }, { reference, platform: wanted, sources, signal, report: told });
        }),
      );
    },
    lookUp: (name, login) => {
      const reference = parseReference(name);
      const signal = AbortSignal.timeout(longestLook);
      return lookUpImage(registries.sources(reference, { ...(login && { login }), signal }), reference);
    },
    push: (name, login) => {
      const reference = parseReference(name);
      return channelOf<PushMessage>((signal, report) => {
        const work = registries.sources(reference, { ...(login && { login }), signal }).upstream();
        return pushImage(parts, { reference, work, signal, report, limit: transferLimits.uploads });
      });
    },
    save: (request) => saveImages(parts, request),
    space: createImageSpace(parts),
    import: (request) => importImage(parts, { ...request, limits }),
    commit: (request) => commitImage(parts, request),
    async tag(name, target) {
      const reference = newName(target);
      const { image, references } = resolveImage(images, name);
      records.transaction(() => tagImage(parts, image.details.id, reference, references[0]?.target));
    },
    async remove(name, removeOptions = {}) {
      const { force = false } = removeOptions;
      return (await removeAndFree(parts, () => [removeImage(parts, name, force)])).removed;
    },
  };
}

/** What builds bring from registries, and put there, besides whole images. */
function registriesOfBuilds(
  { registries, transferLimits }: ImageServiceOptions,
  { parts, puller }: { parts: ImageParts; puller: LayerPuller },
): BuildRegistries {
  const limit = transferLimits.uploads;
  return {
    remote(text, login, signal) {
      const reference = parseReference(text);
      const sources = registries.sources(reference, { ...(login && { login }), signal });
      return openRemoteLayers({ parts, puller, limit, reference, sources, signal });
    },
    pushIndex(index, text, login) {
      const reference = withDefaultTag(parseReference(text));
      return channelOf<PushMessage>((signal, report) => {
        const work = registries.sources(reference, { ...(login && { login }), signal }).upstream();
        return pushIndex(parts, { index, reference, work, signal, report, limit });
      });
    },
  };
}
