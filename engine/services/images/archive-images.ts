import type { Digest } from '../../base/digest.ts';
import { EngineError, unlessMissing } from '../../base/errors.ts';
import { hostPlatform } from '../../registry/platform.ts';
import { canonicalReference, type Reference } from '../../registry/reference.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { ContentInfo, ContentStore } from '../../storage/content/content-store.ts';
import type { ArchiveLimits, StagedArchive } from './archive-staging.ts';
import { readBlob, storeBlob } from './blobs.ts';
import {
  type Descriptor,
  isAttestation,
  isObject,
  type Manifest,
  mediaTypes,
  notAnImage,
  parseJson,
  parseManifest,
  platformFits,
} from './manifest.ts';
import { asLayer, layerMediaType } from './plain-layer.ts';
import { newName } from './tag-image.ts';

/** An image that an archive holds, every blob of it there and of the right size. */
export interface ArchiveImage {
  manifest: Digest;
  config: Digest;
  layers: readonly Digest[];
  /** All of it, with the indexes on the way. */
  blobs: readonly Digest[];
  names: readonly { reference: Reference; target: Digest }[];
}

export interface ArchiveSource {
  archive: StagedArchive;
  content: ContentStore;
  lease: Lease;
  limits: ArchiveLimits;
}

/**
 * The images of an archive: what index.json leads to (OCI image layout), and what manifest.json lists (docker save);
 * an archive with both names the same images twice, and they come out once.
 *
 * @throws EngineError `invalid` with `image.not-an-image`, `image.truncated`, `image.digest-mismatch`,
 * `image.platform-mismatch`.
 */
export async function findImages(source: ArchiveSource): Promise<readonly ArchiveImage[]> {
  const index = source.archive.text('index.json');
  const list = source.archive.text('manifest.json');
  if (!index && !list) {
    if (!source.archive.marked) throw missing('manifest.json', source);
    throw notAnImage(
      'it contains neither manifest.json nor index.json: give a file made by "docker save" or an OCI layout',
    );
  }
  const images = new Map<Digest, ArchiveImage>();
  const add = (image: ArchiveImage) => {
    const known = images.get(image.config);
    if (!known) images.set(image.config, image);
    else {
      const blobs = [...new Set([...known.blobs, ...image.blobs])];
      images.set(image.config, { ...known, blobs, names: [...known.names, ...image.names] });
    }
  };
  if (index) for (const image of await imagesOfIndex(source, index)) add(image);
  if (list) for (const entry of dockerList(list)) add(await imageOfEntry(source, entry, images));
  return [...images.values()];
}

async function imagesOfIndex(source: ArchiveSource, text: Uint8Array): Promise<ArchiveImage[]> {
  const index = parseManifest(parseJson(text, 'index.json'), 'index.json');
  if (index.kind !== 'index') throw notAnImage('index.json is not an index');
  // Several entries of one name are the platforms of one image.
  const groups = new Map<string, Descriptor[]>();
  for (const [position, descriptor] of index.manifests.entries()) {
    if (isAttestation(descriptor)) continue;
    const key = nameOf(descriptor) ?? `#${position}`;
    groups.set(key, [...(groups.get(key) ?? []), descriptor]);
  }
  const images: ArchiveImage[] = [];
  for (const [key, descriptors] of groups) {
    const chosen = choose(descriptors, key);
    const found = await follow(source, chosen, []);
    const name = nameOf(chosen);
    const reference = name === undefined ? undefined : newName(name);
    images.push({ ...found, names: reference ? [{ reference, target: chosen.digest }] : [] });
  }
  return images;
}

/** From an index down to the manifest for this machine. */
async function follow(
  source: ArchiveSource,
  descriptor: Descriptor,
  above: readonly Digest[],
): Promise<Omit<ArchiveImage, 'names'>> {
  if (above.includes(descriptor.digest) || above.length > 8) throw notAnImage('its indexes lead in a circle');
  const blob = await require(source, descriptor);
  const what = `the manifest ${descriptor.digest}`;
  const found = parseManifest(parseJson(await readBlob(source.content, blob), what), what);
  const blobs = [...above, descriptor.digest];
  if (found.kind === 'manifest') return describe(source, descriptor.digest, found, blobs);
  const here: Descriptor[] = [];
  for (const entry of found.manifests) {
    if (!isAttestation(entry) && (await present(source, entry.digest))) here.push(entry);
  }
  if (here.length === 0 && found.manifests.length > 0) throw missing(found.manifests[0]?.digest ?? '', source);
  return follow(source, choose(here, descriptor.digest), blobs);
}

async function describe(source: ArchiveSource, digest: Digest, manifest: Manifest, above: readonly Digest[]) {
  const parts = [manifest.config, ...manifest.layers];
  for (const part of parts) await require(source, part);
  return {
    manifest: digest,
    config: manifest.config.digest,
    layers: manifest.layers.map((layer) => layer.digest),
    blobs: [...new Set([...above, ...parts.map((part) => part.digest)])],
  };
}

/** One that fits this machine; an only one is taken as it is, as Docker does. */
function choose(descriptors: readonly Descriptor[], what: string): Descriptor {
  const host = hostPlatform();
  const fitting = descriptors.filter(({ platform }) => platform && platformFits(platform, host));
  const chosen =
    fitting[0] ?? (descriptors.length === 1 ? descriptors[0] : descriptors.find(({ platform }) => !platform));
  if (chosen) return chosen;
  const wanted = `${host.os}/${host.architecture}`;
  const name = what.startsWith('#') ? 'image' : what;
  throw new EngineError('invalid', `no matching manifest for ${wanted} in the manifest list entries of ${name}`, {
    reason: 'image.platform-mismatch',
    params: { wanted, image: name },
  });
}

function nameOf({ annotations }: Descriptor): string | undefined {
  const full = annotations['io.containerd.image.name'];
  if (full) return full;
  const short = annotations['org.opencontainers.image.ref.name'];
  // A bare tag, as the image spec allows, names no repository.
  return short && /[/:]/.test(short) ? short : undefined;
}

interface DockerEntry {
  config: string;
  layers: readonly string[];
  tags: readonly string[];
}

function dockerList(text: Uint8Array): DockerEntry[] {
  const list = parseJson(text, 'manifest.json');
  if (!Array.isArray(list)) throw notAnImage('manifest.json is not a list');
  return list.map((entry: unknown) => {
    const texts = (value: unknown) => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
    if (!isObject(entry) || typeof entry.Config !== 'string') throw notAnImage('manifest.json names no Config');
    return { config: entry.Config, layers: texts(entry.Layers), tags: texts(entry.RepoTags) };
  });
}

/** An entry of manifest.json; where no index led to its config, it gets a manifest of the archive's own files. */
async function imageOfEntry(
  source: ArchiveSource,
  entry: DockerEntry,
  known: ReadonlyMap<Digest, ArchiveImage>,
): Promise<ArchiveImage> {
  const config = fileOf(source, entry.config);
  const layers = entry.layers.map((name) => fileOf(source, name));
  const image = known.get(config.digest) ?? (await composeManifest(source, config, layers));
  const target = image.names[0]?.target ?? image.manifest;
  // what index.json names has its own target
  const named = new Set(image.names.map(({ reference }) => canonicalReference(reference)));
  const names = entry.tags.map(newName).filter((reference) => !named.has(canonicalReference(reference)));
  return { ...image, names: names.map((reference) => ({ reference, target })) };
}

async function composeManifest(source: ArchiveSource, config: ContentInfo, files: readonly ContentInfo[]) {
  const layers: ContentInfo[] = [];
  for (const file of files) layers.push(await asLayer(source, file));
  const layerTypes = await Promise.all(layers.map((layer) => layerMediaType(source.content, layer)));
  const json = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: config.digest, size: config.size },
    layers: layers.map(({ digest, size }, index) => ({ mediaType: layerTypes[index], digest, size })),
  });
  const manifest = await storeBlob(source, Buffer.from(json));
  const digests = layers.map((layer) => layer.digest);
  return {
    manifest: manifest.digest,
    config: config.digest,
    layers: digests,
    blobs: [...new Set([manifest.digest, config.digest, ...digests])],
    names: [],
  };
}

function fileOf(source: ArchiveSource, name: string): ContentInfo {
  const found = source.archive.file(name);
  if (!found) throw missing(name, source);
  return found;
}

function missing(name: string, { archive }: ArchiveSource): EngineError {
  const detail = archive.marked ? 'save the image again' : 'the archive ends too early; copy or save it again';
  return new EngineError('invalid', `invalid archive: ${name} is missing: ${detail}`, {
    reason: 'image.truncated',
    params: { name },
  });
}

async function present(source: ArchiveSource, digest: Digest): Promise<boolean> {
  // held first: then it cannot be collected between this look and its use
  source.lease.hold('content', digest);
  return (await unlessMissing(source.content.info(digest))) !== undefined;
}

/** From the archive, or from before. */
async function require(source: ArchiveSource, { digest, size }: Descriptor): Promise<ContentInfo> {
  if (!(await present(source, digest))) throw missing(digest, source);
  const info = await source.content.info(digest);
  if (info.size === size) return info;
  throw new EngineError(
    'invalid',
    `digest mismatch: ${digest} has ${info.size} bytes, expected ${size}: the archive is damaged; save it again`,
    {
      reason: 'image.digest-mismatch',
      params: { expected: `${size} bytes`, found: `${info.size} bytes` },
    },
  );
}
