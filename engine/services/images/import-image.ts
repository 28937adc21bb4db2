import type { Readable } from 'node:stream';
import type { Digest } from '../../base/digest.ts';
import { diskFullOr } from '../../base/disk-full.ts';
import { EngineError } from '../../base/errors.ts';
import { emptyConfig } from '../../dockerfile/image-config.ts';
import { hostPlatform, type Platform, parsePlatform } from '../../registry/platform.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { ContentInfo, ContentStore } from '../../storage/content/content-store.ts';
import type { ArchiveLimits } from './archive-staging.ts';
import { commitHeld, storeBlob } from './blobs.ts';
import { applyChanges } from './dockerfile-changes.ts';
import { containerConfigJson, parseImageConfig } from './image-config.ts';
import { imageEvent } from './image-event.ts';
import type { ImageParts } from './image-parts.ts';
import { storedImage } from './image-records.ts';
import type { ImportRequest } from './image-service.ts';
import { mediaTypes } from './manifest.ts';
import { asLayer, layerMediaType } from './plain-layer.ts';
import { newName, tagImage } from './tag-image.ts';

/** A root filesystem as an image of one layer, which is kept as it came where a layer may be so. */
export async function importImage(
  parts: ImageParts,
  request: ImportRequest & { limits: ArchiveLimits },
): Promise<Digest> {
  const { collector, content, records, images, events } = parts;
  const reference = request.reference === undefined ? undefined : newName(request.reference);
  const platform = request.platform === undefined ? hostPlatform() : linuxPlatform(request.platform);
  const config = applyChanges(emptyConfig, request.changes ?? []);
  const lease = collector.leases.open();
  try {
    const { limits } = request;
    const layer = await asLayer({ content, lease, limits }, await storeStream(content, lease, request.tar));
    const snapshot = await parts.layers.unpackFirst(layer.digest, lease);
    const created = new Date().toISOString();
    const json = {
      created,
      architecture: platform.architecture,
      ...(platform.variant && { variant: platform.variant }),
      os: platform.os,
      comment: request.message ?? '',
      config: containerConfigJson(config),
      rootfs: { type: 'layers', diff_ids: [snapshot.key] },
      history: [{ created, comment: request.message ?? '' }],
    };
    const configBlob = await storeBlob({ content, lease }, Buffer.from(JSON.stringify(json)));
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, digest: configBlob.digest, size: configBlob.size },
      layers: [{ mediaType: await layerMediaType(content, layer), digest: layer.digest, size: layer.size }],
    };
    const manifestBlob = await storeBlob({ content, lease }, Buffer.from(JSON.stringify(manifest)));
    const image = storedImage({
      config: parseImageConfig(json, 'the config'),
      id: configBlob.digest,
      manifest: manifestBlob.digest,
      blobs: [manifestBlob.digest, configBlob.digest, layer.digest],
      snapshots: [snapshot],
    });
    records.transaction(() => {
      images.put(image);
      events.record(imageEvent('import', image, image.details.id));
      if (reference) tagImage(parts, image.details.id, reference);
    });
    return image.details.id;
  } catch (error) {
    throw diskFullOr(error);
  } finally {
    lease.release();
    await collector.collect();
  }
}

async function storeStream(content: ContentStore, lease: Lease, tar: Readable): Promise<ContentInfo> {
  const ingest = await content.ingest(`${lease.id}/import`);
  return commitHeld(ingest, lease, async () => {
    for await (const chunk of tar) await ingest.write(chunk);
  });
}

function linuxPlatform(text: string): Platform {
  const platform = parsePlatform(text);
  if (platform.os === 'linux') return platform;
  throw new EngineError('invalid', `operating system is not supported: ${text}`, {
    reason: 'image.platform-mismatch',
    params: { wanted: text, image: '' },
  });
}
