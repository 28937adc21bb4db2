import type { Digest } from '../../base/digest.ts';
import { diskFullOr } from '../../base/disk-full.ts';
import { EngineError } from '../../base/errors.ts';
import { emptyConfig } from '../../dockerfile/image-config.ts';
import { familiarReference } from '../../registry/reference.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { ContentInfo, ContentStore } from '../../storage/content/content-store.ts';
import { readBlob, storeBlob } from './blobs.ts';
import { applyChanges } from './dockerfile-changes.ts';
import { containerConfigJson, parseImageConfig } from './image-config.ts';
import type { ImageParts } from './image-parts.ts';
import { type StoredImage, storedImage } from './image-records.ts';
import type { CommitImage, ImageConfig } from './image-service.ts';
import { type Descriptor, isObject, mediaTypes, notAnImage, parseJson, parseManifest } from './manifest.ts';
import { resolveImage } from './resolve-image.ts';
import { newName, tagImage } from './tag-image.ts';

/** An image's document as it stands. */
interface Documents {
  config: Readonly<Record<string, unknown>>;
  layers: readonly Pick<Descriptor, 'mediaType' | 'digest' | 'size'>[];
}

/** A container's image with one more layer, which is kept as it was packed. Nothing is visible before everything is there. */
export async function commitImage(parts: ImageParts, request: CommitImage): Promise<Digest> {
  const { collector, records, images } = parts;
  const reference = request.reference === undefined ? undefined : newName(request.reference);
  committedConfig(request);
  const lease = collector.leases.open();
  try {
    const { image: parent } = resolveImage(images, request.parent);
    for (const digest of parent.blobs) lease.hold('content', digest);
    const documents = await readDocuments(parts.content, parent);
    const layer = await storeLayer(parts.content, lease, request);
    const image = await makeImage(parts, { request, parent, documents, layer, lease });
    records.transaction(() => {
      images.put(image);
      if (reference) tagImage(parts, image.details.id, reference);
      request.made(image.details.id, reference ? familiarReference(reference) : '');
    });
    return image.details.id;
  } catch (error) {
    throw diskFullOr(error);
  } finally {
    lease.release();
    await collector.collect();
  }
}

export async function readDocuments(content: ContentStore, { details, manifest }: StoredImage): Promise<Documents> {
  const read = async (digest: Digest) =>
    parseJson(await readBlob(content, await content.info(digest)), `the image ${details.id}`);
  const config = await read(details.id);
  const found = parseManifest(await read(manifest), `the image ${details.id}`);
  if (!isObject(config) || found.kind !== 'manifest') throw notAnImage(`${details.id} has no manifest`);
  return { config, layers: found.layers.map(({ mediaType, ...rest }) => ({ ...rest, mediaType: ociType(mediaType) })) };
}

/** Of a layer in the words of one manifest; Docker's say the same (image manifest version 2, schema 2). */
function ociType(mediaType: string): string {
  if (!mediaType.startsWith('application/vnd.docker.')) return mediaType;
  if (mediaType.endsWith('gzip')) return mediaTypes.layerGzip;
  return mediaType.endsWith('zstd') ? mediaTypes.layerZstd : mediaTypes.layer;
}

async function storeLayer(
  content: ContentStore,
  lease: Lease,
  { pack }: CommitImage,
): Promise<ContentInfo | undefined> {
  const ingest = await content.ingestFile(`${lease.id}/commit`, { resumable: false });
  let packed: ContentInfo | undefined;
  try {
    packed = await pack(ingest.path);
    if (packed) lease.hold('content', packed.digest);
  } catch (error) {
    await ingest.abort();
    throw error;
  }
  if (packed) return ingest.commit(packed);
  await ingest.abort();
  return undefined;
}

interface Making {
  request: CommitImage;
  parent: StoredImage;
  documents: Documents;
  layer: ContentInfo | undefined;
  lease: Lease;
}

async function makeImage(parts: ImageParts, { request, parent, documents, layer, lease }: Making) {
  const { content } = parts;
  const layers = [...documents.layers, ...(layer ? [{ mediaType: mediaTypes.layer, ...layer }] : [])];
  const diffIds = [...parent.details.diffIds, ...(layer ? [layer.digest] : [])];
  const snapshots = await parts.layers.unpack({
    layers: layers.map(({ digest }) => digest),
    ...{ diffIds, lease, signal: new AbortController().signal },
  });
  const json = configJson(request, documents.config, { diffIds, isEmpty: layer === undefined });
  const config = await storeBlob({ content, lease }, Buffer.from(JSON.stringify(json)));
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: config.digest, size: config.size },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  };
  const stored = await storeBlob({ content, lease }, Buffer.from(JSON.stringify(manifest)));
  const image = storedImage({
    config: parseImageConfig(json, 'the config'),
    id: config.digest,
    manifest: stored.digest,
    blobs: [stored.digest, config.digest, ...layers.map(({ digest }) => digest)],
    snapshots,
  });
  if (image.details.diffIds.length !== snapshots.length) throw new EngineError('internal', 'a layer is missing');
  return { ...image, details: { ...image.details, parent: parent.details.id } };
}

function configJson(
  request: CommitImage,
  parent: Documents['config'],
  { diffIds, isEmpty }: { diffIds: readonly Digest[]; isEmpty: boolean },
): Record<string, unknown> {
  const { command, author, comment } = request;
  const { architecture, variant, os } = parent;
  const created = new Date().toISOString();
  const said = { ...(author && { author }), ...(comment && { comment }) };
  const entry = { created, created_by: command.join(' '), ...said, ...(isEmpty && { empty_layer: true }) };
  return {
    ...{ created, ...said, architecture, os },
    ...(variant !== undefined && { variant }),
    config: containerConfigJson(committedConfig(request)),
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: [...(Array.isArray(parent.history) ? parent.history : []), entry],
  };
}

/** What is given goes before what the container was made with (moby, `merge`). @throws EngineError `invalid` */
function committedConfig({ given, container, changes }: CommitImage): ImageConfig {
  const own = applyChanges(given ? { ...emptyConfig, ...given } : container, changes);
  const isSet = (list: readonly string[] | undefined) => list !== undefined && list.length > 0;
  const command = isSet(own.command) || isSet(own.entrypoint) ? own.command : container.command;
  const entrypoint = own.entrypoint ?? container.entrypoint;
  const names = new Set(own.environment.map((entry) => entry.split('=', 1)[0]));
  const { onBuild: _triggers, ...below } = container;
  const scalars = Object.fromEntries(
    Object.entries({ ...own }).filter(([, value]) => value !== undefined && value !== ''),
  ) as Partial<ImageConfig>;
  const merged: ImageConfig = {
    ...below,
    ...scalars,
    environment: [...own.environment, ...container.environment.filter((entry) => !names.has(entry.split('=', 1)[0]))],
    labels: { ...container.labels, ...own.labels },
    exposedPorts: [...new Set([...own.exposedPorts, ...container.exposedPorts])],
    volumes: [...new Set([...own.volumes, ...container.volumes])],
  };
  delete merged.command;
  delete merged.entrypoint;
  return { ...merged, ...(isSet(command) && { command }), ...(isSet(entrypoint) && { entrypoint }) } as ImageConfig;
}
