import type { Digest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import { readManifest, storeBlob } from './blobs.ts';
import type { ImageParts } from './image-parts.ts';
import type { StoredImage } from './image-records.ts';
import type { ImagePlatform, MadeImage, MadeIndex } from './image-service.ts';
import { mediaTypes } from './manifest.ts';
import { annotationsOf, entriesOf } from './save-images.ts';
import { newName } from './tag-image.ts';

/** Images of several platforms, for pushing them under one name. */
export interface IndexToPush {
  /** Everything below the manifests, each once. */
  blobs: readonly { digest: Digest; size: number }[];
  manifests: readonly MadeImage['manifest'][];
  index: MadeImage['manifest'];
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** One index of images (OCI image spec, image-index.md), in the content store for as long as the lease lasts. */
export async function makeIndex(
  { content, records, images: kept }: Pick<ImageParts, 'content' | 'records' | 'images'>,
  images: readonly { image: MadeImage; platform: ImagePlatform }[],
  lease: Lease,
): Promise<Omit<MadeIndex, 'push'> & { toPush: IndexToPush }> {
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: images.map(({ image, platform }) => ({ ...image.manifest, platform })),
  };
  const { digest, size } = await storeBlob({ content, lease }, json(document));
  const manifest = { mediaType: mediaTypes.index, digest, size };
  const manifests = images.map(({ image }) => image.manifest);
  const blobs = new Map(images.flatMap(({ image }) => image.blobs.map((blob) => [blob.digest, blob] as const)));
  return {
    manifest,
    toPush: { blobs: [...blobs.values()], manifests, index: manifest },
    keepWith(id, references) {
      const own = kept.get(id);
      if (!own) throw new EngineError('internal', `the image ${id} is not kept`);
      const all = [digest, ...manifests.map((each) => each.digest), ...blobs.keys()];
      records.transaction(() => {
        kept.put({ ...own, blobs: [...new Set([...own.blobs, ...all])] });
        for (const reference of references.map(newName)) kept.putReference({ reference, imageId: id, target: digest });
      });
    },
    archive(names) {
      const entries = names.map(newName).map((name) => ({ ...manifest, annotations: annotationsOf(name) }));
      const layout = {
        schemaVersion: 2,
        mediaType: mediaTypes.index,
        manifests: names.length > 0 ? entries : [manifest],
      };
      return entriesOf(
        { content },
        {
          blobs: [digest, ...manifests.map((each) => each.digest), ...blobs.keys()].sort(),
          texts: [
            ['index.json', json(layout)],
            ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
          ],
        },
      );
    },
  };
}

/** The index that an image came with or was made with, when all of its images are here; an index of one is none. */
export async function wholeIndex(
  { content }: Pick<ImageParts, 'content'>,
  image: StoredImage,
  target: Digest | undefined,
): Promise<IndexToPush | undefined> {
  if (target === undefined || target === image.manifest || !image.blobs.includes(target)) return undefined;
  const { document, descriptor } = await readManifest(content, target);
  if (document.kind !== 'index' || document.manifests.length < 2) return undefined;
  if (!document.manifests.every(({ digest }) => image.blobs.includes(digest))) return undefined;
  const blobs = new Map<Digest, { digest: Digest; size: number }>();
  for (const { digest } of document.manifests) {
    const manifest = (await readManifest(content, digest)).document;
    if (manifest.kind === 'index') return undefined;
    for (const blob of [...manifest.layers, manifest.config]) blobs.set(blob.digest, blob);
  }
  if (![...blobs.keys()].every((digest) => image.blobs.includes(digest))) return undefined;
  return { blobs: [...blobs.values()], manifests: document.manifests, index: descriptor };
}
