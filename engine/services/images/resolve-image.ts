import type { Digest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import { parsePlatform, platformText } from '../../registry/platform.ts';
import {
  familiarReference,
  parseReference,
  type Reference,
  repositoryOf,
  withDefaultTag,
} from '../../registry/reference.ts';
import type { ImageRecords, StoredImage, StoredReference } from './image-records.ts';
import type { ImageDetails } from './image-service.ts';
import { platformFits } from './manifest.ts';

export interface ResolvedImage {
  image: StoredImage;
  /** The names it was found by: one tag, all tags of a repository for `name@digest`, none for an id. */
  references: readonly StoredReference[];
}

/**
 * The image that `name` means: an id with or without `sha256:`, a reference, or a unique beginning of an id, in
 * Docker's order.
 *
 * @throws EngineError `not-found` (`image.not-found`), `invalid` (`image.reference-invalid`, `image.ambiguous`).
 */
export function resolveImage(images: ImageRecords, name: string): ResolvedImage {
  const id = name.replace(/^sha256:/, '');
  if (/^[0-9a-f]{64}$/.test(id)) {
    const image = images.get(`sha256:${id}`);
    if (!image) throw noSuchImage(`sha256:${id}`);
    return { image, references: [] };
  }
  if (name.startsWith('sha256:') && /^[0-9a-f]+$/.test(id)) {
    return { image: byPrefix(images, id) ?? fail(name), references: [] };
  }
  const reference = withDefaultTag(parseReference(name));
  const references = namesOf(images, reference);
  const image = references[0] && images.get(references[0].imageId);
  if (image) return { image, references };
  const byId = /^[0-9a-f]+$/.test(name) ? byPrefix(images, name) : undefined;
  return { image: byId ?? fail(familiarReference(reference)), references: [] };
}

/** Of `name:tag@digest` the digest counts, as in Docker. */
function namesOf(images: ImageRecords, reference: Reference): readonly StoredReference[] {
  if (reference.digest) return images.referencesIn(repositoryOf(reference), reference.digest);
  const found = images.reference(reference);
  return found ? [found] : [];
}

function byPrefix(images: ImageRecords, prefix: string): StoredImage | undefined {
  const ids: readonly Digest[] = images.idsFrom(prefix);
  if (ids.length > 1) {
    throw new EngineError('invalid', `Multiple IDs found with provided prefix: ${prefix}`, {
      reason: 'image.ambiguous',
      params: { prefix },
    });
  }
  return ids[0] && images.get(ids[0]);
}

/**
 * @throws EngineError `not-found` (`image.platform-mismatch`) in Docker's words for an image of another platform,
 * `invalid` (`image.platform-invalid`).
 */
export function refusePlatform(
  details: Pick<ImageDetails, 'os' | 'architecture' | 'variant'>,
  platform: string,
  name: string,
): void {
  const wanted = parsePlatform(platform);
  if (platformFits(details, wanted)) return;
  const text = platformText(wanted);
  throw new EngineError(
    'not-found',
    `image with reference ${name} was found but does not provide the specified platform (${text})`,
    { reason: 'image.platform-mismatch', params: { wanted: text, image: name } },
  );
}

function fail(name: string): never {
  throw noSuchImage(name);
}

function noSuchImage(name: string): EngineError {
  return new EngineError('not-found', `No such image: ${name}`, { reason: 'image.not-found', params: { image: name } });
}
