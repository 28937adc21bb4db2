import { EngineError } from '../../../base/errors.ts';
import type { Limit } from '../../../base/limit.ts';
import type { RepositoryWork } from '../../../registry/fetch.ts';
import { putManifest } from '../../../registry/push.ts';
import { familiarReference, type Reference, repositoryOf } from '../../../registry/reference.ts';
import { readManifest } from '../blobs.ts';
import { imageEvent } from '../image-event.ts';
import { wholeIndex } from '../image-index.ts';
import type { ImageParts } from '../image-parts.ts';
import type { StoredImage, StoredReference } from '../image-records.ts';
import type { PushMessage } from '../image-service.ts';
import { type Descriptor, shortId } from '../manifest.ts';
import { pushIndex } from './push-index.ts';
import { sendAll, sendBlob } from './send-blobs.ts';

export interface PushImage {
  /** Without a tag: all tags of the repository. */
  reference: Reference;
  /** The registry itself: a push never goes to a mirror. */
  work: RepositoryWork;
  signal: AbortSignal;
  /** Of layers that are sent at the same time. */
  limit: Limit;
  report(message: PushMessage): void;
}

/** Sends images by the bytes they came with, so that digests stay the same. A push never goes to a mirror. */
export async function pushImage(parts: ImageParts, push: PushImage): Promise<void> {
  const rows = rowsOf(parts, push.reference);
  push.report({ status: `The push refers to repository [${repositoryOf(push.reference)}]` });
  for (const row of rows) await pushOne(parts, { ...push, row });
}

function rowsOf({ images }: ImageParts, reference: Reference): readonly StoredReference[] {
  if (reference.digest)
    throw new EngineError('invalid', 'cannot push a digest reference', {
      reason: 'request.invalid',
      params: { detail: 'digest' },
    });
  const found = reference.tag ? [images.reference(reference)] : images.tagsOf(repositoryOf(reference));
  const rows = found.filter((row) => row !== undefined);
  if (rows.length > 0) return rows;
  const name = familiarReference(reference);
  const what = reference.tag ? 'tag does not exist' : 'An image does not exist locally with the tag';
  throw new EngineError('not-found', `${what}: ${name}`, { reason: 'image.not-found', params: { image: name } });
}

interface PushOne extends PushImage {
  row: StoredReference;
}

async function pushOne(parts: ImageParts, { work, row, report, signal, limit }: PushOne): Promise<void> {
  const { content, collector, images } = parts;
  const image = images.get(row.imageId);
  if (!image) throw new EngineError('internal', `the image ${row.imageId} of a name is missing`);
  const lease = collector.leases.open();
  try {
    for (const digest of image.blobs) lease.hold('content', digest);
    const index = await wholeIndex(parts, image, row.target);
    if (index) {
      await pushIndex(parts, { index, reference: row.reference, work, signal, limit, report });
      tellPushed(parts, image, row);
      return;
    }
    const { bytes, descriptor, document: manifest } = await readManifest(content, image.manifest);
    if (manifest.kind !== 'manifest') throw new EngineError('internal', `the manifest ${image.manifest} is an index`);
    for (const { digest } of manifest.layers) report({ layer: shortId(digest), progress: { state: 'preparing' } });
    const { reference } = row;
    const send = (blob: Descriptor) => sendBlob(parts, { work, blob, reference, report });
    await sendAll(manifest.layers, { signal, limit }, send);
    await sendBlob(parts, { work, blob: manifest.config, reference });
    signal.throwIfAborted();
    const tag = row.reference.tag ?? '';
    await putManifest(work, tag, { mediaType: descriptor.mediaType, bytes });
    tellPushed(parts, image, row);
    report({ pushed: { tag, digest: image.manifest, size: bytes.length } });
  } catch (error) {
    if (signal.aborted) throw new EngineError('cancelled', 'the push was cancelled', { cause: error });
    throw error;
  } finally {
    lease.release();
  }
}

const tellPushed = ({ records, events }: ImageParts, image: StoredImage, { reference }: StoredReference) =>
  records.transaction(() => events.record(imageEvent('push', image, familiarReference(reference))));
