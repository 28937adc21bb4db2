import { EngineError } from '../../../base/errors.ts';
import { putManifest } from '../../../registry/push.ts';
import type { IndexToPush } from '../image-index.ts';
import type { ImageParts } from '../image-parts.ts';
import { shortId } from '../manifest.ts';
import type { PushImage } from './push-image.ts';
import { documentOf, sendAll, sendBlob } from './send-blobs.ts';

/** Sends images for several platforms, each by its digest, and their index under the name. */
export async function pushIndex(
  parts: ImageParts,
  { index: all, reference, work, signal, limit, report }: PushImage & { index: IndexToPush },
): Promise<void> {
  const { content } = parts;
  const { blobs, manifests, index } = all;
  for (const { digest } of blobs) report({ layer: shortId(digest), progress: { state: 'preparing' } });
  try {
    await sendAll(blobs, { signal, limit }, (blob) => sendBlob(parts, { work, blob, reference, report }));
    for (const { mediaType, digest } of manifests)
      await putManifest(work, digest, { mediaType, bytes: await documentOf(content, digest) });
    signal.throwIfAborted();
    const tag = reference.tag ?? '';
    const bytes = await documentOf(content, index.digest);
    await putManifest(work, tag, { mediaType: index.mediaType, bytes });
    report({ pushed: { tag, digest: index.digest, size: bytes.length } });
  } catch (error) {
    if (signal.aborted) throw new EngineError('cancelled', 'the push was cancelled', { cause: error });
    throw error;
  }
}
