import { createHash } from 'node:crypto';
import { architecture } from '../base/architecture.ts';
import type { Digest } from '../base/digest.ts';
import { type TarFixture, tarBytes } from './tar-bytes.ts';

/** Image archives made by hand: `docker save`'s and OCI layouts. */

export const sha256 = (bytes: Uint8Array): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export interface ImageFixture {
  /** Uncompressed tars. */
  layers: readonly Buffer[];
  names?: readonly string[];
  config?: Readonly<Record<string, unknown>>;
  created?: string;
  architecture?: string;
  diffIds?: readonly Digest[];
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

function configBytes(image: ImageFixture): Buffer {
  return json({
    architecture: image.architecture ?? architecture,
    os: 'linux',
    created: image.created ?? '2024-01-02T03:04:05Z',
    config: image.config ?? {},
    rootfs: { type: 'layers', diff_ids: image.diffIds ?? image.layers.map(sha256) },
    history: [
      ...image.layers.map((_, index) => ({ created_by: `layer ${index}` })),
      { created_by: 'nothing', empty_layer: true },
    ],
  });
}

/** As `docker save` before version 25. */
export function dockerArchive(images: readonly ImageFixture[], options: { end?: boolean } = {}): Buffer {
  const files = new Map<string, Uint8Array>();
  const list = images.map((image) => {
    const config = configBytes(image);
    const configName = `${sha256(config).slice(7)}.json`;
    files.set(configName, config);
    const layers = image.layers.map((layer) => {
      const folder = sha256(layer).slice(7);
      files.set(`${folder}/VERSION`, Buffer.from('1.0'));
      files.set(`${folder}/layer.tar`, layer);
      return `${folder}/layer.tar`;
    });
    return { Config: configName, RepoTags: image.names ?? null, Layers: layers };
  });
  files.set('manifest.json', json(list));
  return tarBytes(
    [...files].map(([name, content]) => ({ name, content })),
    options,
  );
}

export interface Blob {
  mediaType: string;
  digest: Digest;
  size: number;
}

/** The parts of an OCI layout, put together piece by piece. */
export function ociLayout() {
  const blobs = new Map<Digest, Uint8Array>();
  const add = (bytes: Uint8Array, mediaType = ''): Blob => {
    blobs.set(sha256(bytes), bytes);
    return { mediaType, digest: sha256(bytes), size: bytes.length };
  };
  return {
    blobs,
    add,
    /** The image's manifest; `compress` is applied to each layer. */
    image(image: ImageFixture, compress: (layer: Buffer) => Uint8Array = (layer) => layer): Blob {
      const config = add(configBytes(image), 'application/vnd.oci.image.config.v1+json');
      const layers = image.layers.map((layer) => add(compress(layer), 'application/vnd.oci.image.layer.v1.tar'));
      return add(json({ schemaVersion: 2, config, layers }), 'application/vnd.oci.image.manifest.v1+json');
    },
    index(manifests: readonly object[]): Blob {
      return add(json({ schemaVersion: 2, manifests }), 'application/vnd.oci.image.index.v1+json');
    },
    /** The archive with `manifests` in index.json, and more files. */
    archive(manifests: readonly object[], more: readonly TarFixture[] = []): Buffer {
      return tarBytes([
        { name: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
        { name: 'index.json', content: json({ schemaVersion: 2, manifests }) },
        ...[...blobs].map(([digest, content]) => ({ name: `blobs/${digest.replace(':', '/')}`, content })),
        ...more,
      ]);
    },
  };
}
