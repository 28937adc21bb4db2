import type { Digest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import { tarEnd, tarHeader, tarPadding } from '../../base/tar-header.ts';
import {
  canonicalReference,
  familiarReference,
  parseReference,
  type Reference,
  repositoryOf,
} from '../../registry/reference.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import { readManifest } from './blobs.ts';
import { imageEvent } from './image-event.ts';
import type { ImageParts } from './image-parts.ts';
import type { StoredImage, StoredReference } from './image-records.ts';
import type { SaveImages } from './image-service.ts';
import { type Manifest, mediaTypes } from './manifest.ts';
import { refusePlatform, resolveImage } from './resolve-image.ts';

/**
 * The archive of `docker save` since version 25: an OCI image layout (image-layout.md) with `manifest.json` and
 * `repositories` for what reads Docker's older form. Both name the same blobs, each there once.
 */
export async function* saveImages(parts: ImageParts, request: SaveImages): AsyncGenerator<Buffer> {
  const lease = parts.collector.leases.open();
  try {
    const chosen = choose(parts, request, lease);
    yield* archiveOf(parts, chosen);
    parts.records.transaction(() => {
      for (const { image } of chosen) parts.events.record(imageEvent('save', image, image.details.id));
    });
  } finally {
    lease.release();
    await parts.collector.collect();
  }
}

/** What the archive of these is made of has to be held. */
export async function* archiveOf(
  parts: Pick<ImageParts, 'content'>,
  chosen: readonly Chosen[],
): AsyncGenerator<Buffer> {
  yield* entriesOf(parts, await describe(parts, chosen));
}

export interface Chosen {
  image: StoredImage;
  /** Tags only; none where it was asked for by its id. */
  tags: StoredReference[];
}

/** In one turn, so that the lease holds what was found. @throws EngineError `not-found`, `invalid`. */
function choose(parts: ImageParts, { names, platform }: SaveImages, lease: Lease): Chosen[] {
  const chosen = new Map<Digest, Chosen>();
  for (const name of names) {
    for (const { image, tags } of find(parts, name)) {
      if (platform) refusePlatform(image.details, platform, name);
      const { id } = image.details;
      const known = chosen.get(id) ?? { image, tags: [] };
      const fresh = tags.filter((row) => !known.tags.some((other) => same(row, other)));
      chosen.set(id, { image, tags: [...known.tags, ...fresh] });
      for (const digest of image.blobs) lease.hold('content', digest);
    }
  }
  return [...chosen.values()];
}

const same = (one: StoredReference, other: StoredReference) =>
  canonicalReference(one.reference) === canonicalReference(other.reference);

/** A repository without tag stands for all its tags. */
function find({ images }: ImageParts, name: string): Chosen[] {
  const rows = /^(sha256:)?[0-9a-f]{64}$|^sha256:/.test(name) ? [] : tagsIn(name);
  if (rows.length > 0) {
    return rows.flatMap((row) => {
      const image = images.get(row.imageId);
      return image ? [{ image, tags: [row] }] : [];
    });
  }
  const { image, references } = resolveImage(images, name);
  return [{ image, tags: references.filter(({ reference }) => !reference.digest && !name.includes('@')) }];

  function tagsIn(text: string): readonly StoredReference[] {
    const reference = parseReference(text);
    return reference.tag || reference.digest ? [] : images.tagsOf(repositoryOf(reference));
  }
}

export interface Archive {
  /** Each once, in the order of their names. */
  blobs: readonly Digest[];
  /** What stands beside the blobs, by file name in its order. */
  texts: readonly (readonly [string, Buffer])[];
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const fileOf = (digest: Digest) => `blobs/${digest.replace(':', '/')}`;

async function describe(parts: Pick<ImageParts, 'content'>, chosen: readonly Chosen[]): Promise<Archive> {
  const blobs = new Set<Digest>();
  const manifests: object[] = [];
  const list: object[] = [];
  const repositories: Record<string, Record<string, string>> = {};
  for (const { image, tags } of chosen) {
    let manifest: Manifest | undefined;
    for (const row of tags.length > 0 ? tags : [undefined]) {
      const found = await follow(parts, image, row?.target ?? image.manifest, blobs);
      manifest ??= found.manifest;
      manifests.push({ ...found.descriptor, ...(row && { annotations: annotationsOf(row.reference) }) });
      if (row) put(repositories, row, manifest.layers.at(-1)?.digest ?? image.details.id);
    }
    list.push({
      Config: fileOf(image.details.id),
      RepoTags: tags.length > 0 ? tags.map(({ reference }) => familiarReference(reference)) : null,
      Layers: manifest?.layers.map(({ digest }) => fileOf(digest)) ?? [],
    });
  }
  return {
    blobs: [...blobs].sort(),
    texts: [
      ['index.json', json({ schemaVersion: 2, mediaType: mediaTypes.index, manifests })],
      ['manifest.json', json(list)],
      ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
      ['repositories', json(repositories)],
    ],
  };
}

/** The names that containerd and the image spec give (annotations.md, "org.opencontainers.image.ref.name"). */
export const annotationsOf = (reference: Reference) => ({
  'io.containerd.image.name': canonicalReference(reference),
  'org.opencontainers.image.ref.name': reference.tag ?? '',
});

function put(repositories: Record<string, Record<string, string>>, { reference }: StoredReference, top: Digest): void {
  const { domain, path, tag = '' } = reference;
  const name = familiarReference({ domain, path });
  repositories[name] = { ...repositories[name], [tag]: top.slice('sha256:'.length) };
}

/**
 * Adds a document and everything of this image that it leads to; of an index only the entries that are the image's. Gives
 * its descriptor and the manifest at the end of the way.
 */
async function follow(parts: Pick<ImageParts, 'content'>, image: StoredImage, digest: Digest, blobs: Set<Digest>) {
  const { descriptor, document } = await readManifest(parts.content, digest);
  blobs.add(digest);
  if (document.kind === 'manifest') {
    for (const part of [document.config, ...document.layers]) blobs.add(part.digest);
    return { descriptor, manifest: document };
  }
  let manifest: Manifest | undefined;
  for (const entry of document.manifests) {
    if (!image.blobs.includes(entry.digest)) continue;
    const found = await follow(parts, image, entry.digest, blobs);
    // of several platforms that of the image
    if (manifest === undefined || found.manifest.config.digest === image.details.id) manifest = found.manifest;
  }
  if (!manifest)
    throw new EngineError('internal', `the manifest ${digest} leads to nothing of the image ${image.details.id}`);
  return { descriptor, manifest };
}

/** Everything in the archive, blobs first. */
export async function* entriesOf(
  { content }: Pick<ImageParts, 'content'>,
  { blobs, texts }: Archive,
): AsyncGenerator<Buffer> {
  const modified = 0;
  for (const name of ['blobs/', 'blobs/sha256/']) yield tarHeader({ name, type: 'directory', size: 0, modified });
  for (const digest of blobs) {
    const { size } = await content.info(digest);
    yield tarHeader({ name: fileOf(digest), type: 'file', size, modified });
    yield* await content.read(digest);
    yield tarPadding(size);
  }
  for (const [name, text] of texts) {
    const header = tarHeader({ name, type: 'file', size: text.length, modified });
    yield Buffer.concat([header, text, tarPadding(text.length)]);
  }
  yield tarEnd();
}
