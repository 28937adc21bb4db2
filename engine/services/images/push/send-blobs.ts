import type { Digest } from '../../../base/digest.ts';
import type { Limit } from '../../../base/limit.ts';
import type { RepositoryWork } from '../../../registry/fetch.ts';
import { hasBlob, mountBlob, uploadBlob } from '../../../registry/push.ts';
import type { Reference } from '../../../registry/reference.ts';
import type { ContentStore } from '../../../storage/content/content-store.ts';
import { readBlob } from '../blobs.ts';
import type { ImageParts } from '../image-parts.ts';
import type { StoredImage } from '../image-records.ts';
import type { PushMessage, PushProgress } from '../image-service.ts';
import { type Descriptor, shortId } from '../manifest.ts';

/** Bytes of one request: a registry that keeps chunks apart gets few. */
const chunk = 16 << 20;

/** One that fails lets none begin any more, and what is under way end. */
export async function sendAll<B>(
  layers: readonly B[],
  { signal, limit }: { signal: AbortSignal; limit: Limit },
  send: (layer: B) => Promise<void>,
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

export async function documentOf(content: ContentStore, digest: Digest): Promise<Buffer> {
  return readBlob(content, await content.info(digest));
}

interface SendBlob {
  work: RepositoryWork;
  blob: Pick<Descriptor, 'digest' | 'size'>;
  /** What it is sent for. */
  reference: Reference;
  report?(message: PushMessage): void;
}

export async function sendBlob(parts: ImageParts, { work, blob, reference, report }: SendBlob): Promise<void> {
  const { digest, size } = blob;
  const tell = (progress: PushProgress) => report?.({ layer: shortId(digest), progress });
  if (await hasBlob(work, digest)) return tell({ state: 'there' });
  for (const from of siblingsWith(parts, reference, digest)) {
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
function siblingsWith({ images }: ImageParts, reference: Reference, digest: Digest): string[] {
  const paths = new Set<string>();
  const has = (image: StoredImage) => image.blobs.includes(digest);
  for (const image of images.all().filter(has)) {
    for (const { reference: other } of images.referencesTo(image.details.id)) {
      if (other.domain === reference.domain && other.path !== reference.path) paths.add(other.path);
    }
  }
  return [...paths].slice(0, 3);
}
