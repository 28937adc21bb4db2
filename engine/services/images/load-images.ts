import type { Readable } from 'node:stream';
import type { Digest } from '../../base/digest.ts';
import { diskFullOr } from '../../base/disk-full.ts';
import { EngineError } from '../../base/errors.ts';
import { canonicalReference, familiarReference, type Reference } from '../../registry/reference.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import { type ArchiveImage, findImages } from './archive-images.ts';
import { type ArchiveLimits, stageArchive } from './archive-staging.ts';
import { readBlob } from './blobs.ts';
import { parseImageConfig } from './image-config.ts';
import { imageEvent } from './image-event.ts';
import type { ImageParts } from './image-parts.ts';
import { type StoredImage, storedImage } from './image-records.ts';
import type { LoadMessage } from './image-service.ts';
import { notAnImage, parseJson, shortId } from './manifest.ts';

export interface LoadRequest {
  tar: Readable;
  limits: ArchiveLimits;
  signal: AbortSignal;
  report(message: LoadMessage): void;
}

/** Reads, checks and unpacks everything an archive holds under one lease, then makes all of it visible at once. */
export async function loadImages(parts: ImageParts, request: LoadRequest): Promise<void> {
  const { collector, content } = parts;
  const { signal, report } = request;
  const lease = collector.leases.open();
  try {
    const archive = await stageArchive({ tar: request.tar, content, lease, limits: request.limits, signal });
    const found = await findImages({ archive, content, lease, limits: request.limits });
    const ready: { image: StoredImage; names: ArchiveImage['names'] }[] = [];
    for (const entry of found) {
      ready.push({ image: await unpackImage(parts, entry, { lease, signal, report }), names: entry.names });
    }
    signal.throwIfAborted();
    await parts.lateSync.flush();
    publish(parts, ready, report);
  } catch (error) {
    if (signal.aborted) throw new EngineError('cancelled', 'the load was cancelled', { cause: error });
    throw diskFullOr(error);
  } finally {
    lease.release();
    await collector.collect();
  }
}

async function unpackImage(
  parts: ImageParts,
  entry: ArchiveImage,
  work: { lease: Lease; signal: AbortSignal; report(message: LoadMessage): void },
): Promise<StoredImage> {
  const what = `the config ${entry.config}`;
  const blob = await parts.content.info(entry.config);
  const config = parseImageConfig(parseJson(await readBlob(parts.content, blob), what), what);
  const { layers } = entry;
  if (config.diffIds.length !== layers.length) {
    throw notAnImage(`${what} tells of ${config.diffIds.length} layers, the manifest of ${layers.length}`);
  }
  const total = layers.length;
  let current = 0;
  const snapshots = await parts.layers.unpack({
    layers,
    diffIds: config.diffIds,
    lease: work.lease,
    signal: work.signal,
    onLayer: (diffId) => {
      current += 1;
      work.report({ status: 'Loading layer', id: shortId(diffId), current, total });
    },
  });
  return storedImage({ config, id: entry.config, manifest: entry.manifest, blobs: entry.blobs, snapshots });
}

/** One transaction: after it everything is there, before it nothing. */
function publish(
  parts: ImageParts,
  ready: readonly { image: StoredImage; names: ArchiveImage['names'] }[],
  report: (message: LoadMessage) => void,
): void {
  const { records, images, events } = parts;
  const messages = records.transaction(() => {
    const told: LoadMessage[] = [];
    for (const { image, names } of ready) {
      const { id } = image.details;
      const before = images.get(id);
      images.put({ ...image, blobs: [...new Set([...(before?.blobs ?? []), ...image.blobs])], lastTagged: Date.now() });
      for (const { reference, target } of unique(names)) {
        told.push(...moveReference(parts, reference, id));
        images.putReference({ reference, imageId: id, target });
        told.push({ loaded: familiarReference(reference) });
      }
      if (names.length === 0) told.push({ loaded: id });
      events.record(imageEvent('load', image, id));
    }
    return told;
  });
  for (const message of messages) report(message);
}

/** Docker's words where a name goes from one image to another. */
function moveReference({ images }: ImageParts, reference: Reference, id: Digest): LoadMessage[] {
  const before = images.reference(reference);
  if (!before || before.imageId === id) return [];
  const name = familiarReference(reference);
  return [
    { status: `The image ${name} already exists, renaming the old one with ID ${before.imageId} to empty string` },
  ];
}

function unique(names: ArchiveImage['names']): ArchiveImage['names'] {
  return [...new Map(names.map((name) => [canonicalReference(name.reference), name])).values()];
}
