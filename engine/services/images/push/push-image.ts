import type { Digest } from '../../../base/digest.ts';
import { EngineError } from '../../../base/errors.ts';
import type { Limit } from '../../../base/limit.ts';
import type { RepositoryWork } from '../../../registry/fetch.ts';
import { hasBlob, mountBlob, putManifest, uploadBlob } from '../../../registry/push.ts';
import { familiarReference, type Reference, repositoryOf } from '../../../registry/reference.ts';
import type { ContentStore } from '../../../storage/content/content-store.ts';
import { readBlob } from '../blobs.ts';
import { imageEvent } from '../image-event.ts';
import type { ImageParts } from '../image-parts.ts';
import type { StoredImage, StoredReference } from '../image-records.ts';
import type { PushMessage, PushProgress } from '../image-service.ts';
import { type Descriptor, parseJson, parseManifest, shortId } from '../manifest.ts';

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

/** Bytes of one request: a registry that keeps chunks apart gets few. */
const chunk = 16 << 20;

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
    const bytes = await documentOf(content, image.manifest);
    const what = `the manifest ${image.manifest}`;
    const manifest = parseManifest(parseJson(bytes, what), what);
    if (manifest.kind !== 'manifest') throw new EngineError('internal', `${what} is an index`);
    for (const { digest } of manifest.layers) report({ layer: shortId(digest), progress: { state: 'preparing' } });
    const send = (blob: Descriptor) => sendBlob(parts, { work, blob, row, report });
    await sendAll(manifest.layers, { signal, limit }, send);
    await sendBlob(parts, { work, blob: manifest.config, row });
    signal.throwIfAborted();
    const tag = row.reference.tag ?? '';
    const { mediaType = 'application/vnd.oci.image.manifest.v1+json' } = JSON.parse(bytes.toString('utf8'));
    await putManifest(work, tag, { mediaType, bytes });
    parts.records.transaction(() => parts.events.record(imageEvent('push', image, familiarReference(row.reference))));
    report({ pushed: { tag, digest: image.manifest, size: bytes.length } });
  } catch (error) {
    if (signal.aborted) throw new EngineError('cancelled', 'the push was cancelled', { cause: error });
    throw error;
  } finally {
    lease.release();
  }
}

/** One that fails lets none begin any more, and what is under way end. */
async function sendAll(
  layers: readonly Descriptor[],
  { signal, limit }: Pick<PushImage, 'signal' | 'limit'>,
  send: (layer: Descriptor) => Promise<void>,
): Promise<void> {
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  const sent = layers.map((layer) =>
    limit
      .run(() => send(layer), either)
      .catch((error) => {
        failing.abort(error);
      }),
  );
  await Promise.all(sent);
  either.throwIfAborted();
}

async function documentOf(content: ContentStore, digest: Digest): Promise<Buffer> {
  return readBlob(content, await content.info(digest));
}

interface SendBlob {
  work: RepositoryWork;
  blob: Descriptor;
  row: StoredReference;
  report?(message: PushMessage): void;
}

async function sendBlob(parts: ImageParts, { work, blob, row, report }: SendBlob): Promise<void> {
  const { digest, size } = blob;
  const tell = (progress: PushProgress) => report?.({ layer: shortId(digest), progress });
  if (await hasBlob(work, digest)) return tell({ state: 'there' });
  for (const from of siblingsWith(parts, row, digest)) {
    if (await mountBlob(work, digest, from)) return tell({ state: 'mounted', from });
  }
  const { content } = parts;
  async function* read(offset: number, length: number) {
    yield* (await content.read(digest, { offset, length })) as AsyncIterable<Buffer>;
  }
  await uploadBlob(
    work,
    { digest, size, read },
    {
      chunk,
      onProgress: (current) => tell({ state: 'pushing', current, total: size }),
    },
  );
  tell({ state: 'done' });
}

/** Repositories of the same registry whose images, as far as known here, have the blob; a few, for each costs a question. */
function siblingsWith({ images }: ImageParts, { reference }: StoredReference, digest: Digest): string[] {
  const paths = new Set<string>();
  const has = (image: StoredImage) => image.blobs.includes(digest);
  for (const image of images.all().filter(has)) {
    for (const { reference: other } of images.referencesTo(image.details.id)) {
      if (other.domain === reference.domain && other.path !== reference.path) paths.add(other.path);
    }
  }
  return [...paths].slice(0, 3);
}
