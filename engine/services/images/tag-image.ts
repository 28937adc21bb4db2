import type { Digest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import { familiarReference, parseReference, type Reference, withDefaultTag } from '../../registry/reference.ts';
import { imageEvent } from './image-event.ts';
import type { ImageParts } from './image-parts.ts';

/**
 * What a user or an archive may name an image: `latest` where no tag is given.
 *
 * @throws EngineError `invalid` (`image.reference-invalid`); also for a name by digest, which only the content itself
 * gives, and for one that would read as an image's id.
 */
export function newName(text: string): Reference {
  const reference = parseReference(text);
  const refuse = (message: string) =>
    new EngineError('invalid', message, { reason: 'image.reference-invalid', params: { reference: text } });
  if (reference.digest) throw refuse('refusing to create a tag with a digest reference');
  if (familiarReference({ domain: reference.domain, path: reference.path }) === 'sha256') {
    throw refuse('refusing to create an ambiguous tag using digest algorithm as name');
  }
  return withDefaultTag(reference);
}

/**
 * Inside a transaction: gives an image a name, taking it from another.
 * @param from the index or manifest that the name means; that of the image's first name when absent
 */
export function tagImage(parts: ImageParts, id: Digest, reference: Reference, from?: Digest): void {
  const { images, events } = parts;
  const image = images.get(id);
  if (!image)
    throw new EngineError('not-found', `No such image: ${id}`, { reason: 'image.not-found', params: { image: id } });
  // the same index or manifest as its other names, so that they show one digest
  const target = from ?? images.referencesTo(id)[0]?.target ?? image.manifest;
  images.putReference({ reference, imageId: id, target });
  images.put({ ...image, lastTagged: Date.now() });
  events.record(imageEvent('tag', image, familiarReference(reference)));
}
