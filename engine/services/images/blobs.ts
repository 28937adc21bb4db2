import { createHash, randomUUID } from 'node:crypto';
import type { Digest } from '../../base/digest.ts';
import { unlessMissing } from '../../base/errors.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { ContentInfo, ContentStore, Ingest } from '../../storage/content/content-store.ts';
import { type Index, isObject, type Manifest, mediaTypes, notAnImage, parseJson, parseManifest } from './manifest.ts';

/** Manifests and configs are small; a blob beyond this is none. */
const longestDocument = 16 << 20;

/** A manifest, index or config as bytes. @throws EngineError `image.not-an-image` when it is too long for one. */
export async function readBlob(content: ContentStore, { digest, size }: ContentInfo): Promise<Buffer> {
  if (size > longestDocument) throw notAnImage(`${digest} is too long for a manifest or config (${size} bytes)`);
  return Buffer.concat(await (await content.read(digest)).toArray());
}

/** A manifest or index that is here, and what it calls itself. @throws EngineError `image.not-an-image`, `not-found` */
export async function readManifest(
  content: ContentStore,
  digest: Digest,
): Promise<{
  bytes: Buffer;
  descriptor: { mediaType: string; digest: Digest; size: number };
  document: Manifest | Index;
}> {
  const bytes = await readBlob(content, await content.info(digest));
  const what = `the manifest ${digest}`;
  const value = parseJson(bytes, what);
  const document = parseManifest(value, what);
  const named = isObject(value) && typeof value.mediaType === 'string' ? value.mediaType : mediaTypes[document.kind];
  return { bytes, descriptor: { mediaType: named, digest, size: bytes.length }, document };
}

/** Fills an ingest and publishes it, held by the lease before it is there; a failure leaves nothing. */
export async function commitHeld(ingest: Ingest, lease: Lease, fill: () => Promise<void>): Promise<ContentInfo> {
  try {
    await fill();
    lease.hold('content', ingest.digest());
  } catch (error) {
    await ingest.abort();
    throw error;
  }
  return ingest.commit();
}

/** Stores a document made here, held by the lease. */
export async function storeBlob(
  { content, lease }: { content: ContentStore; lease: Lease },
  bytes: Uint8Array,
): Promise<ContentInfo> {
  const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  lease.hold('content', digest);
  // one that is there is on the disk
  const there = await unlessMissing(content.info(digest));
  if (there) return there;
  const ingest = await content.ingest(`${lease.id}/document/${randomUUID()}`);
  return commitHeld(ingest, lease, () => ingest.write(bytes));
}
