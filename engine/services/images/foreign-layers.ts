import { createHash, randomUUID } from 'node:crypto';
import type { Digest } from '../../base/digest.ts';
import { EngineError, unlessMissing } from '../../base/errors.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import { commitHeld, storeBlob } from './blobs.ts';
import type { ImageParts } from './image-parts.ts';
import type { ForeignBlobs, ImageLayer, RemoteLayers } from './image-service.ts';
import { mediaTypes, notAnImage, parseJson, parseManifest } from './manifest.ts';

const digestOf = (bytes: Uint8Array): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
/** A manifest or a config that is longer is none. */
const longestDocument = 16 << 20;

/** A document and the layers that it tells of, among blobs that somebody else keeps. */
export function openForeignLayers(
  { content, layers: chain }: Pick<ImageParts, 'content' | 'layers'>,
  { blobs, manifest, signal }: { blobs: ForeignBlobs; manifest: Digest | undefined; signal: AbortSignal },
): RemoteLayers {
  return {
    async read() {
      if (manifest === undefined) throw new EngineError('not-found', 'there is nothing in it yet');
      const what = `the manifest ${manifest}`;
      const parsed = parseManifest(parseJson(await documentIn(blobs, manifest), what), what);
      if (parsed.kind !== 'manifest') throw notAnImage(`${what} is an index`);
      const { mediaType, digest } = parsed.config;
      return { mediaType, document: await documentIn(blobs, digest), layers: parsed.layers };
    },
    async bring(layers, lease) {
      for (const layer of layers) {
        lease.hold('content', layer.digest);
        if (!(await unlessMissing(content.info(layer.digest)))) await bringBlob(layer, lease);
        signal.throwIfAborted();
      }
      const diffIds = layers.map(({ diffId }) => diffId);
      await chain.unpack({ layers: layers.map(({ digest }) => digest), diffIds, lease, signal });
    },
    async write({ mediaType, document, layers }, lease) {
      const config = await storeBlob({ content, lease }, Buffer.from(document));
      for (const { digest, size } of [...layers, config]) {
        signal.throwIfAborted();
        if (await blobs.has(digest)) continue;
        await blobs.write({ digest, size }, (await content.read(digest)) as AsyncIterable<Buffer>);
      }
      const json = {
        ...{ schemaVersion: 2, mediaType: mediaTypes.manifest },
        config: { mediaType, digest: config.digest, size: config.size },
        layers: layers.map((layer) => ({ mediaType: layer.mediaType, digest: layer.digest, size: layer.size })),
      };
      const bytes = Buffer.from(JSON.stringify(json));
      const written = { digest: digestOf(bytes), size: bytes.length };
      if (!(await blobs.has(written.digest))) await blobs.write(written, only(bytes));
      return { mediaType: mediaTypes.manifest, ...written };
    },
  };

  async function bringBlob({ digest, size }: ImageLayer, lease: Lease): Promise<void> {
    const ingest = await content.ingest(`${lease.id}/foreign/${randomUUID()}`, { digest, size });
    await commitHeld(ingest, lease, async () => {
      for await (const piece of blobs.read(digest)) await ingest.write(piece);
    });
  }
}

async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function documentIn(blobs: ForeignBlobs, digest: Digest): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of blobs.read(digest)) {
    length += piece.length;
    if (length > longestDocument) throw notAnImage(`${digest} is too long for a manifest or a config`);
    pieces.push(piece);
  }
  const bytes = Buffer.concat(pieces);
  if (digestOf(bytes) !== digest) throw notAnImage(`${digest} has other bytes than its digest says`);
  return bytes;
}
