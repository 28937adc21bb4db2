import { randomUUID } from 'node:crypto';
import type { Digest } from '../../base/digest.ts';
import { diskFullOr } from '../../base/disk-full.ts';
import { EngineError, unlessMissing } from '../../base/errors.ts';
import { parsePlatform } from '../../registry/platform.ts';
import { parseReference } from '../../registry/reference.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import { storeBlob } from './blobs.ts';
import { readDocuments } from './commit-image.ts';
import { openForeignLayers } from './foreign-layers.ts';
import { containerConfigJson, parseImageConfig } from './image-config.ts';
import { type IndexToPush, makeIndex } from './image-index.ts';
import type { ImageParts } from './image-parts.ts';
import { type StoredImage, storedImage } from './image-records.ts';
import type {
  BaseImage,
  BuildImages,
  BuiltImage,
  HistoryJson,
  ImageLayer,
  MadeImage,
  MadeIndex,
} from './image-service.ts';
import { isObject, mediaTypes, platformFits } from './manifest.ts';
import { refusePlatform, resolveImage } from './resolve-image.ts';
import { archiveOf } from './save-images.ts';
import { newName, tagImage } from './tag-image.ts';

export interface BuildRegistries extends Pick<BuildImages, 'remote'> {
  pushIndex(index: IndexToPush, ...to: Parameters<MadeIndex['push']>): ReturnType<MadeIndex['push']>;
}

/** Images for whoever builds. */
export function createBuildImages(parts: ImageParts, { remote, pushIndex }: BuildRegistries): BuildImages {
  const { collector } = parts;
  return {
    leases: collector.leases,
    remote,
    async index(made, lease) {
      const { toPush, ...index } = await makeIndex(parts, made, lease);
      return { ...index, push: (reference, login) => pushIndex(toPush, reference, login) };
    },
    remoteIn: (blobs, manifest, signal) => openForeignLayers(parts, { blobs, manifest, signal }),
    has: async (digest) => (await unlessMissing(parts.content.info(digest))) !== undefined,
    collect: () => collector.collect(),
    async base(name, platform, lease) {
      const image = imageFor(parts, name, platform);
      for (const digest of image.blobs) lease.hold('content', digest);
      const { topSnapshot } = image.details;
      if (topSnapshot) lease.hold('snapshot', topSnapshot);
      return baseImage(parts, image);
    },
    keepLayer: (lease, pack) => keepLayer(parts, lease, pack),
    make: (image, lease, { isKept } = { isKept: true }) => makeImage(parts, image, lease, isKept),
  };
}

/** Of an index the images of several platforms may be here. */
function imageFor({ images }: ImageParts, name: string, platform: string): StoredImage {
  const { image, references } = resolveImage(images, name);
  const wanted = parsePlatform(platform);
  const { digest } = parseReference(name);
  // several of one index may have been pulled, of which the name means the last
  const further = digest === undefined ? [] : images.all().filter(({ blobs }) => blobs.some((each) => each === digest));
  const all = [image, ...references.flatMap(({ imageId }) => images.get(imageId) ?? []), ...further];
  const found = all.find(({ details }) => platformFits(details, wanted)) ?? image;
  refusePlatform(found.details, platform, name);
  return found;
}

async function baseImage({ content }: ImageParts, image: StoredImage): Promise<BaseImage> {
  const { id, config, topSnapshot, author, os, architecture, variant, diffIds } = image.details;
  const { config: json, layers } = await readDocuments(content, image);
  const withIds = layers.map((layer, index): ImageLayer => {
    const diffId = diffIds[index];
    if (!diffId) throw new EngineError('internal', `the image ${id} has more layers than diff ids`);
    return { mediaType: layer.mediaType, digest: layer.digest, size: layer.size, diffId };
  });
  return {
    ...{ id, config, layers: withIds, platform: { os, architecture, ...(variant && { variant }) } },
    ...(topSnapshot && { topSnapshot }),
    ...(author && { author }),
    history: Array.isArray(json.history) ? json.history.filter((entry): entry is HistoryJson => isObject(entry)) : [],
  };
}

async function keepLayer(
  parts: ImageParts,
  lease: Lease,
  pack: (file: string) => Promise<{ digest: Digest; size: number }>,
): Promise<ImageLayer> {
  const ingest = await parts.content.ingestFile(`${lease.id}/layer/${randomUUID()}`, { resumable: false });
  let packed: { digest: Digest; size: number };
  try {
    packed = await pack(ingest.path);
    lease.hold('content', packed.digest);
  } catch (error) {
    await ingest.abort();
    throw diskFullOr(error);
  }
  const { digest, size } = await parts.lateSync.write(() => ingest.commit(packed, { isLate: true }));
  return { mediaType: mediaTypes.layer, digest, size, diffId: digest };
}

async function makeImage(parts: ImageParts, image: BuiltImage, lease: Lease, isKept: boolean): Promise<MadeImage> {
  const { content, records, images } = parts;
  const references = image.references.map(newName);
  const { layers, config, platform, author, created, history } = image;
  const diffIds = layers.map(({ diffId }) => diffId);
  const snapshots = await parts.layers.unpack({
    layers: layers.map(({ digest }) => digest),
    ...{ diffIds, lease, signal: new AbortController().signal },
  });
  const json = {
    ...(created !== undefined && { created }),
    ...(author && { author }),
    ...platform,
    config: containerConfigJson(config),
    rootfs: { type: 'layers', diff_ids: diffIds },
    history,
    ...image.further,
  };
  const document = await storeBlob({ content, lease }, Buffer.from(JSON.stringify(json)));
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: document.digest, size: document.size },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  };
  const stored = await storeBlob({ content, lease }, Buffer.from(JSON.stringify(manifest)));
  const made = storedImage({
    config: parseImageConfig(json, 'the config'),
    id: document.digest,
    manifest: stored.digest,
    blobs: [stored.digest, document.digest, ...layers.map(({ digest }) => digest)],
    snapshots,
  });
  if (isKept) {
    await parts.lateSync.flush();
    records.transaction(() => {
      const before = images.get(made.details.id)?.blobs ?? [];
      images.put({ ...made, blobs: [...new Set([...before, ...made.blobs])] });
      for (const reference of references) tagImage(parts, made.details.id, reference, stored.digest);
    });
  }
  const { id } = made.details;
  return {
    id,
    manifest: { mediaType: mediaTypes.manifest, digest: stored.digest, size: stored.size },
    blobs: [manifest.config, ...layers].map(({ digest, size }) => ({ digest, size })),
    archive(names) {
      const tags = names.map(newName).map((reference) => ({ reference, imageId: id, target: stored.digest }));
      return archiveOf(parts, [{ image: made, tags }]);
    },
  };
}
