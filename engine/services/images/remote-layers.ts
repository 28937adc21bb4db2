import { createHash } from 'node:crypto';
import type { Digest } from '../../base/digest.ts';
import type { Limit } from '../../base/limit.ts';
import type { RepositorySources } from '../../registry/mirrors/repository-sources.ts';
import { hostPlatform } from '../../registry/platform.ts';
import { hasBlob, putManifest, uploadBlob } from '../../registry/push.ts';
import { type Reference, withDefaultTag } from '../../registry/reference.ts';
import { storeBlob } from './blobs.ts';
import type { ImageParts } from './image-parts.ts';
import type { RemoteLayers } from './image-service.ts';
import { type Manifest, mediaTypes, notAnImage, parseJson, parseManifest } from './manifest.ts';
import { choosePlatform } from './pull/platform.ts';
import type { LayerPuller } from './pull/pull-layers.ts';

export interface RemoteLayersParts {
  parts: ImageParts;
  puller: LayerPuller;
  /** Of layers that are sent at the same time. */
  limit: Limit;
  reference: Reference;
  sources: RepositorySources;
  signal: AbortSignal;
}

/** Bytes of one request: a registry that keeps chunks apart gets few. */
const chunk = 16 << 20;

const digestOf = (bytes: Uint8Array): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A document and the layers that it tells of, in a repository. */
export function openRemoteLayers({
  parts,
  puller,
  limit,
  reference,
  sources,
  signal,
}: RemoteLayersParts): RemoteLayers {
  const { content } = parts;
  const named = withDefaultTag(reference);
  const asked = named.digest ?? named.tag ?? 'latest';
  return {
    async read() {
      const { document } = await sources.resolve(asked);
      const { config, layers } = await manifestOf(document, sources, named);
      return { mediaType: config.mediaType, document: await sources.config(config.digest), layers };
    },
    async bring(layers, lease) {
      const diffIds = layers.map(({ diffId }) => diffId);
      const descriptors = layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size, annotations: {} }));
      await puller.pull({
        ...{ layers: descriptors, diffIds, sources, signal, lease },
        onProgress: () => {},
        onNote: () => {},
      });
    },
    async write({ mediaType, document, layers }, lease) {
      const work = sources.upstream();
      const config = await storeBlob({ content, lease }, Buffer.from(document));
      const blobs = [...layers, { mediaType, digest: config.digest, size: config.size }];
      const send = async ({ digest, size }: { digest: Digest; size: number }) => {
        if (await hasBlob(work, digest)) return;
        async function* read(offset: number, length: number) {
          yield* (await content.read(digest, { offset, length })) as AsyncIterable<Buffer>;
        }
        await uploadBlob(work, { digest, size, read }, { chunk });
      };
      await Promise.all(blobs.map((blob) => limit.run(() => send(blob), signal)));
      const manifest = {
        ...{ schemaVersion: 2, mediaType: mediaTypes.manifest },
        config: { mediaType, digest: config.digest, size: config.size },
        layers: layers.map((layer) => ({ mediaType: layer.mediaType, digest: layer.digest, size: layer.size })),
      };
      const bytes = Buffer.from(JSON.stringify(manifest));
      await putManifest(work, asked, { mediaType: mediaTypes.manifest, bytes });
      return { mediaType: mediaTypes.manifest, digest: digestOf(bytes), size: bytes.length };
    },
  };
}

type Document = { bytes: Uint8Array; digest: Digest };

/** BuildKit puts a cache into an index, whose entries are a config and layers; an image may have several platforms. */
async function manifestOf(
  { bytes, digest }: Document,
  sources: RepositorySources,
  { path }: Reference,
): Promise<Omit<Manifest, 'kind'>> {
  const what = `the manifest ${digest}`;
  const manifest = parseManifest(parseJson(bytes, what), what);
  if (manifest.kind === 'manifest') return manifest;
  const config = manifest.manifests.find(({ mediaType }) => /\.cacheconfig\./.test(mediaType));
  if (config) return { config, layers: manifest.manifests.filter((entry) => entry !== config) };
  const chosen = await sources.manifest(choosePlatform(manifest.manifests, hostPlatform(), path).digest);
  const image = parseManifest(parseJson(chosen.bytes, what), what);
  if (image.kind === 'manifest') return image;
  throw notAnImage(`${what} leads to an index`);
}
