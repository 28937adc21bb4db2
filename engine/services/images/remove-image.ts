import type { Digest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import { familiarReference, type Reference, repositoryOf } from '../../registry/reference.ts';
import { imageEvent } from './image-event.ts';
import type { ImageParts } from './image-parts.ts';
import type { StoredImage, StoredReference } from './image-records.ts';
import type { RemovedImage } from './image-service.ts';
import { chainIds } from './layer-chain.ts';
import { resolveImage } from './resolve-image.ts';

/** What a removal took away; the layers of an image that went, top first, may be those of other images too. */
export interface Removal {
  removed: RemovedImage[];
  chain: readonly Digest[];
}

/**
 * Inside a transaction: takes a name off an image, and the image away with its last name; by id all of it. The rules and
 * words are dockerd's (moby, daemon/images/image_delete.go).
 *
 * @throws EngineError `conflict` with reason `image.in-use`, `not-found`, `invalid`.
 */
export function removeImage(parts: ImageParts, name: string, force: boolean): Removal {
  const { image, references } = resolveImage(parts.images, name);
  const removal = createRemoval(parts, image);
  const [first] = references;
  if (!first) {
    const single = isSingle(removal.references());
    removal.refuse({ running: true, references: !force && !single, stopped: !force });
    return removal.delete();
  }
  const byDigest = references.find(({ reference }) => reference.digest)?.reference ?? digestName(first, name);
  if (!force && isSingle(removal.references())) removal.refuseName(byDigest ?? first.reference);
  if (byDigest) removal.takeDigest(byDigest, references);
  else removal.untag(first);
  if (removal.references().length > 0) return removal.soFar();
  // its last name is gone: containers that still use it keep it, nameless
  if (removal.conflict({ running: true, references: !force, stopped: !force })) return removal.soFar();
  return removal.delete();
}

/** Inside a transaction: the whole image, of which the caller knows that nothing uses it. */
export function deleteImage(parts: ImageParts, image: StoredImage): Removal {
  return createRemoval(parts, image).delete();
}

/** What `name@digest` names, where the digest belongs to tags only. */
function digestName({ reference, target }: StoredReference, name: string): Reference | undefined {
  const { domain, path } = reference;
  return name.includes('@') && target ? { domain, path, digest: target } : undefined;
}

/** One tag at most, and digests of its repository only. */
function isSingle(references: readonly StoredReference[]): boolean {
  const repositories = new Set(references.map((row) => repositoryOf(row.reference)));
  return repositories.size <= 1 && references.filter((row) => !row.reference.digest).length <= 1;
}

interface Conflicts {
  running: boolean;
  references: boolean;
  stopped: boolean;
}

const short = (id: string) => id.replace(/^sha256:/, '').slice(0, 12);

function createRemoval(parts: ImageParts, image: StoredImage) {
  const { images, events } = parts;
  const id: Digest = image.details.id;
  const removed: RemovedImage[] = [];
  const references = () => images.referencesTo(id);
  const conflicts = createConflicts(parts, id);

  const tell = (reference: Reference) => {
    const untagged = familiarReference(reference);
    if (!removed.some((one) => one.untagged === untagged)) removed.push({ untagged });
  };
  const drop = (reference: Reference) => {
    images.deleteReference(reference);
    events.record(imageEvent('untag', image, id));
    tell(reference);
  };
  /** The last tag of a repository takes the repository's digests along. */
  const untag = (row: StoredReference) => {
    drop(row.reference);
    const siblings = references().filter((other) => repositoryOf(other.reference) === repositoryOf(row.reference));
    if (siblings.some(({ reference }) => !reference.digest)) return;
    for (const { reference } of siblings) {
      images.deleteReference(reference);
      tell(reference);
    }
  };
  return {
    ...conflicts,
    references,
    untag,
    /** Tags that have the digest stay, and do not show it any more. */
    takeDigest(name: Reference, rows: readonly StoredReference[]) {
      drop(name);
      for (const { target: _, ...row } of rows) if (!row.reference.digest) images.putReference(row);
    },
    soFar: (): Removal => ({ removed, chain: [] }),
    delete(): Removal {
      for (const row of references()) if (!row.reference.digest) untag(row);
      for (const row of references()) drop(row.reference);
      images.delete(id);
      events.record(imageEvent('delete', image, id));
      removed.push({ deleted: id });
      return { removed, chain: chainIds(image.details.diffIds).toReversed() };
    },
  };
}

/** What holds an image, in Docker's words. */
function createConflicts({ images, users }: ImageParts, id: Digest) {
  const conflict = (kinds: Conflicts): EngineError | undefined => {
    const using = users.usersOf(id);
    const running = using.find((user) => user.running);
    const stopped = using.find((user) => !user.running);
    if (kinds.running && running) {
      return inUse(id, `(cannot be forced) - image is being used by running container ${short(running.id)}`);
    }
    if (kinds.references && images.referencesTo(id).length > 0) {
      return inUse(id, '(must be forced) - image is referenced in multiple repositories');
    }
    if (kinds.stopped && stopped) {
      return inUse(id, `(must be forced) - image is being used by stopped container ${short(stopped.id)}`);
    }
    return undefined;
  };
  return {
    conflict,
    refuse(kinds: Conflicts) {
      const found = conflict(kinds);
      if (found) throw found;
    },
    refuseName(reference: Reference) {
      const user = users.usersOf(id)[0];
      if (!user) return;
      const name = familiarReference(reference);
      throw new EngineError(
        'conflict',
        `conflict: unable to remove repository reference "${name}" (must force) - container ${short(user.id)} is using its referenced image ${short(id)}`,
        { reason: 'image.in-use', params: { image: name, container: short(user.id) } },
      );
    },
  };
}

function inUse(id: Digest, why: string): EngineError {
  return new EngineError('conflict', `conflict: unable to delete ${short(id)} ${why}`, {
    reason: 'image.in-use',
    params: { image: short(id) },
  });
}
