import type { Digest } from '../../../base/digest.ts';
import { diskFullOr } from '../../../base/disk-full.ts';
import { EngineError } from '../../../base/errors.ts';
import type { FetchedManifest } from '../../../registry/fetch.ts';
import type { RepositorySources, TagSource } from '../../../registry/mirrors/repository-sources.ts';
import { SourcesFailure } from '../../../registry/mirrors/source.ts';
import type { Platform } from '../../../registry/platform.ts';
import { familiarReference, type Reference, withDefaultTag } from '../../../registry/reference.ts';
import type { Lease } from '../../../storage/collect/leases.ts';
import { storeBlob } from '../blobs.ts';
import { parseImageConfig } from '../image-config.ts';
import { imageEvent } from '../image-event.ts';
import type { ImageParts } from '../image-parts.ts';
import { type StoredImage, storedImage } from '../image-records.ts';
import type { PullMessage } from '../image-service.ts';
import { type Manifest, notAnImage, parseJson, parseManifest } from '../manifest.ts';
import { inDockersWords } from './dockers-words.ts';
import { choosePlatform } from './platform.ts';
import type { LayerPuller } from './pull-layers.ts';

export interface PullImage {
  reference: Reference;
  platform: Platform;
  sources: RepositorySources;
  signal: AbortSignal;
  report(message: PullMessage): void;
}

/** Indexes may lead to indexes. */
const deepestIndex = 4;

/** Brings one image under a lease and makes it visible at once, as a whole. @throws EngineError. */
export async function pullImage(parts: ImageParts & { puller: LayerPuller }, pull: PullImage): Promise<void> {
  const { collector, images } = parts;
  const reference = withDefaultTag(pull.reference);
  const { path } = reference;
  const asked = reference.digest ?? reference.tag ?? 'latest';
  const lease = collector.leases.open({ resumable: true });
  let unfinished = false;
  try {
    const found = await findManifest(pull, path, asked);
    const { tagFrom } = found;
    // as in Docker: what fails before has no line, so that the failure has a status of its own
    pull.report({ status: `Pulling from ${path}`, id: asked });
    if (tagFrom?.verified === false) pull.report({ status: unverified(tagFrom) });
    const before = images.reference(reference)?.imageId;
    const image = await bringImage(parts, { ...found, pull, path, lease });
    pull.signal.throwIfAborted();
    await parts.lateSync.flush();
    publish(parts, image, { reference, target: found.top.digest, tagFrom });
    pull.report({ pulled: { imageId: image.details.id } });
    pull.report({ status: `Digest: ${found.top.digest}` });
    const name = familiarReference(reference);
    const news = before === image.details.id ? 'Image is up to date' : 'Downloaded newer image';
    pull.report({ status: `Status: ${news} for ${name}` });
  } catch (error) {
    unfinished = pull.signal.aborted || error instanceof SourcesFailure;
    if (pull.signal.aborted) throw new EngineError('cancelled', 'the pull was cancelled', { cause: error });
    throw diskFullOr(inDockersWords(error, reference));
  } finally {
    lease.release({ unfinished });
    await collector.collect();
  }
}

const unverified = ({ endpoint }: TagSource) =>
  `Tag not verified: the registry itself could not be asked, so the tag is taken from ${endpoint}`;

interface FoundManifest {
  /** What the name means: an index or a manifest. */
  top: FetchedManifest;
  /** The manifest and the indexes above it. */
  documents: readonly FetchedManifest[];
  manifest: Manifest;
  tagFrom: TagSource | undefined;
}

async function findManifest({ sources, platform }: PullImage, path: string, asked: string): Promise<FoundManifest> {
  const { document: top, tagFrom } = await sources.resolve(asked);
  const documents = [top];
  for (let document = top; ; ) {
    const what = `the manifest ${document.digest}`;
    const parsed = parseManifest(parseJson(document.bytes, what), what);
    if (parsed.kind === 'manifest') return { top, documents, manifest: parsed, tagFrom };
    if (documents.length > deepestIndex) throw notAnImage(`its indexes lead deeper than ${deepestIndex}`);
    document = await sources.manifest(choosePlatform(parsed.manifests, platform, path).digest);
    documents.push(document);
  }
}

interface BringImage extends FoundManifest {
  pull: PullImage;
  path: string;
  lease: Lease;
}

async function bringImage(
  parts: ImageParts & { puller: LayerPuller },
  { top, documents, manifest, tagFrom, pull, path, lease }: BringImage,
): Promise<StoredImage> {
  refuseOthers(manifest, path);
  const { sources, report } = pull;
  const layers = manifest.layers.map(({ digest, size }) => ({ digest, size }));
  report({ plan: { digest: top.digest, layers, ...(tagFrom && { tagFrom }) } });
  const configBytes = await sources.config(manifest.config.digest);
  const what = `the config ${manifest.config.digest}`;
  const config = parseImageConfig(parseJson(configBytes, what), what);
  if (config.diffIds.length !== manifest.layers.length) {
    throw notAnImage(`${what} tells of ${config.diffIds.length} layers, the manifest of ${manifest.layers.length}`);
  }
  const snapshots = await parts.puller.pull({
    layers: manifest.layers,
    diffIds: config.diffIds,
    sources,
    signal: pull.signal,
    lease,
    onProgress: ({ digest }, progress) => report({ layer: digest, progress }),
    onNote: (note) => report({ note }),
  });
  for (const { bytes } of documents) await storeBlob({ content: parts.content, lease }, bytes);
  await storeBlob({ content: parts.content, lease }, configBytes);
  const own = documents.at(-1)?.digest ?? manifest.config.digest;
  const digests = [...documents.map(({ digest }) => digest), manifest.config.digest];
  const blobs = [...new Set([...digests, ...manifest.layers.map(({ digest }) => digest)])];
  return storedImage({ config, id: manifest.config.digest, manifest: own, blobs, snapshots });
}

/** What has a manifest like an image's and is none; layers that only their maker may hand out. */
function refuseOthers(manifest: Manifest, path: string): void {
  const foreign = manifest.layers.find(({ mediaType }) => /foreign|nondistributable/.test(mediaType));
  if (foreign) {
    throw new EngineError(
      'invalid',
      `${path} has a layer that may not be distributed (${foreign.mediaType}), as Windows has: it cannot run here`,
      {
        reason: 'image.foreign-layer',
        params: { image: path },
      },
    );
  }
  const { mediaType } = manifest.config;
  const isOther = mediaType.startsWith('application/vnd.');
  if (!isOther || /^application\/vnd\.(docker\.container\.image\.v1|oci\.image\.config\.v1)\+json$/.test(mediaType))
    return;
  throw new EngineError('invalid', `${path} is no container image: its config is ${mediaType || 'of no type'}`, {
    reason: 'image.artifact',
    params: { image: path, mediaType },
  });
}

/** One transaction: after it everything is there, before it nothing. */
function publish(
  { records, images, events }: ImageParts,
  image: StoredImage,
  { reference, target, tagFrom }: { reference: Reference; target: Digest; tagFrom: TagSource | undefined },
): void {
  records.transaction(() => {
    const { id } = image.details;
    const before = images.get(id);
    images.put({
      ...image,
      blobs: [...new Set([...(before?.blobs ?? []), ...image.blobs])],
      lastTagged: Date.now(),
    });
    const { tag: _, ...withoutTag } = reference;
    const stored = reference.digest ? withoutTag : reference;
    images.putReference({
      reference: stored,
      imageId: id,
      target,
      ...(tagFrom?.verified === false && { unverified: tagFrom.endpoint }),
    });
    events.record(imageEvent('pull', image, familiarReference(reference)));
  });
}
