import { gzipSync } from 'node:zlib';
import type { RepositoryWork } from '../../engine/registry/fetch.ts';
import { putManifest, uploadBlob } from '../../engine/registry/push.ts';
import { blobOf, digestOf } from './client-scene.ts';

export interface PushedLayer {
  tar: Buffer;
  /** As it is stored; gzip when absent. */
  blob?: { bytes: Buffer; compression: 'gzip' | 'zstd' | 'none' };
}

const suffix = { gzip: '+gzip', zstd: '+zstd', none: '' } as const;
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

export interface PushedManifest {
  mediaType: string;
  digest: string;
  size: number;
}

/** Sends an image of these layers to a registry under `reference`, a tag, or by its digest alone. */
export async function pushImage(
  work: RepositoryWork,
  reference: string | undefined,
  layers: readonly PushedLayer[],
  config: Readonly<Record<string, unknown>> = {},
): Promise<PushedManifest> {
  const upload = async (bytes: Buffer, mediaType: string) => {
    await uploadBlob(work, blobOf(bytes), { chunk: 8 << 20 });
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const descriptors = [];
  for (const { tar, blob = { bytes: gzipSync(tar, { level: 1 }), compression: 'gzip' as const } } of layers)
    descriptors.push(await upload(blob.bytes, `application/vnd.oci.image.layer.v1.tar${suffix[blob.compression]}`));
  const { mediaType = 'application/vnd.oci.image.config.v1+json', ...more } = config;
  const document = {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: layers.map(({ tar }) => digestOf(tar)) },
    ...more,
  };
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: await upload(Buffer.from(JSON.stringify(document)), String(mediaType)),
      layers: descriptors,
    }),
  );
  const digest = digestOf(manifest);
  await putManifest(work, reference ?? digest, { mediaType: manifestType, bytes: manifest });
  return { mediaType: manifestType, digest, size: manifest.length };
}

/** Sends an index of manifests that are there. */
export async function pushIndex(
  work: RepositoryWork,
  tag: string,
  manifests: readonly (PushedManifest & Readonly<Record<string, unknown>>)[],
): Promise<string> {
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  await putManifest(work, tag, { mediaType, bytes });
  return digestOf(bytes);
}
