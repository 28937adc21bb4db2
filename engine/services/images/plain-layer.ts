import { randomUUID } from 'node:crypto';
import { compressionHead, compressionOf, decompressAny } from '../../base/decompress.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { ContentInfo, ContentStore } from '../../storage/content/content-store.ts';
import { layerFailure } from '../../storage/snapshots/layer-failure.ts';
import { type ArchiveLimits, tooLong } from './archive-staging.ts';
import { commitHeld } from './blobs.ts';
import { mediaTypes } from './manifest.ts';

async function compressionOfBlob(content: ContentStore, layer: ContentInfo) {
  const range = { offset: 0, length: compressionHead };
  return compressionOf(Buffer.concat(await (await content.read(layer.digest, range)).toArray()));
}

/** docker save writes plain tars; other tools put compressed ones into the same archive. */
export async function layerMediaType(content: ContentStore, layer: ContentInfo): Promise<string> {
  const compression = await compressionOfBlob(content, layer);
  if (compression === 'gzip') return mediaTypes.layerGzip;
  return compression === 'zstd' ? mediaTypes.layerZstd : mediaTypes.layer;
}

export interface LayerWork {
  content: ContentStore;
  lease: Lease;
  limits: ArchiveLimits;
}

/**
 * The blob itself where it may be a layer as it is: plain, gzip or zstd (OCI image spec, layer.md). What is compressed by xz
 * or bzip2 is kept plain instead.
 *
 * @throws EngineError `invalid` with `image.truncated`, `image.not-an-image`; `unavailable`.
 */
export async function asLayer({ content, lease, limits }: LayerWork, blob: ContentInfo): Promise<ContentInfo> {
  const compression = await compressionOfBlob(content, blob);
  if (compression !== 'xz' && compression !== 'bzip2') return blob;
  const ingest = await content.ingest(`${lease.id}/plain/${randomUUID()}`);
  return commitHeld(ingest, lease, async () => {
    let bytes = 0;
    try {
      for await (const chunk of decompressAny(await content.read(blob.digest))) {
        bytes += chunk.length;
        if (bytes > limits.bytes) throw tooLong(limits);
        await ingest.write(chunk);
      }
    } catch (error) {
      throw layerFailure(error);
    }
  });
}
