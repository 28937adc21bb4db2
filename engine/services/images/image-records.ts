import type { Digest } from '../../base/digest.ts';
import { canonicalReference, familiarReference, parseReference, type Reference } from '../../registry/reference.ts';
import type { Root } from '../../storage/collect/collector.ts';
import type { Records } from '../../storage/records/records.ts';
import type { SnapshotInfo } from '../../storage/snapshots/snapshotter.ts';
import type { ConfigDetails } from './image-config.ts';
import type { ImageDetails } from './image-service.ts';
import { chainIds } from './layer-chain.ts';

/** `record` of the table `images`: what it takes to show an image, run it, send it on and keep its parts. */
export interface StoredImage {
  details: Omit<ImageDetails, 'repoTags' | 'unverifiedTags' | 'repoDigests' | 'lastTagged'>;
  manifest: Digest;
  /** Everything that stays while the image does: indexes, manifest, config, layers as they came. */
  blobs: readonly Digest[];
  /** Milliseconds since the epoch. */
  lastTagged?: number;
}

export interface StoredReference {
  reference: Reference;
  imageId: Digest;
  /** The index or manifest it came from; absent when that was taken off the image, and the tag stayed. */
  target?: Digest;
  /** The mirror whose word it is that the tag means this, where the registry itself did not confirm it. */
  unverified?: string;
}

/** The rows of `images` and `image_references` (schema in storage/records). Synchronous. */
export interface ImageRecords {
  get(id: Digest): StoredImage | undefined;
  /** Newest first. */
  all(): readonly StoredImage[];
  /** Ids that begin so, two at most: enough to know whether it is the only one. */
  idsFrom(prefix: string): readonly Digest[];
  put(image: StoredImage): void;
  delete(id: Digest): void;
  /** By its canonical form. */
  reference(reference: Reference): StoredReference | undefined;
  /** All names of one repository that came from one index or manifest. */
  referencesIn(repository: string, target: string): readonly StoredReference[];
  /** All tags of a repository, in order. */
  tagsOf(repository: string): readonly StoredReference[];
  /** Tags first, then digests, each in the order of their names. */
  referencesTo(id: Digest): readonly StoredReference[];
  putReference(reference: StoredReference): void;
  deleteReference(reference: Reference): void;
  roots(): Iterable<Root>;
}

export function openImageRecords({ database }: Pick<Records, 'database'>): ImageRecords {
  const get = database.prepare('SELECT record FROM images WHERE id = ?');
  const all = database.prepare('SELECT record FROM images ORDER BY created_ns DESC, id');
  const idsFrom = database.prepare('SELECT id FROM images WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2');
  const put = database.prepare(
    `INSERT INTO images (id, created_ns, record) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
  );
  const remove = database.prepare('DELETE FROM images WHERE id = ?');
  const reference = database.prepare('SELECT * FROM image_references WHERE reference = ?');
  const referencesTo = database.prepare(
    `SELECT * FROM image_references WHERE image_id = ? ORDER BY instr(reference, '@') > 0, reference`,
  );
  const byTarget = database.prepare(
    `SELECT * FROM image_references WHERE target = ?2 AND substr(reference, 1, length(?1) + 1) IN (?1 || ':', ?1 || '@')
     ORDER BY reference`,
  );
  const tags = database.prepare(
    `SELECT * FROM image_references WHERE substr(reference, 1, length(?1) + 1) = ?1 || ':' AND instr(reference, '@') = 0
     ORDER BY reference`,
  );
  const putReference = database.prepare(
    `INSERT INTO image_references (reference, image_id, target, unverified) VALUES (?, ?, ?, ?)
     ON CONFLICT (reference) DO UPDATE
     SET image_id = excluded.image_id, target = excluded.target, unverified = excluded.unverified`,
  );
  const removeReference = database.prepare('DELETE FROM image_references WHERE reference = ?');
  const stored = (row: Record<string, unknown>) => JSON.parse(String(row.record)) as StoredImage;
  const allImages = () => all.all().map(stored);
  return {
    get(id) {
      const row = get.get(id);
      return row && stored(row);
    },
    all: allImages,
    idsFrom: (prefix) => idsFrom.all(`sha256:${prefix}`).map((row) => String(row.id) as Digest),
    put(image) {
      const created = Date.parse(image.details.created ?? '');
      // the year 1, as some builders write it, does not fit into 64 bits of nanoseconds
      const nanoseconds = created > 0 && created < 9e12 ? BigInt(created) * 1_000_000n : 0n;
      put.run(image.details.id, nanoseconds, JSON.stringify(image));
    },
    delete: (id) => void remove.run(id),
    reference(name) {
      const row = reference.get(canonicalReference(name));
      return row && referenceOf(row);
    },
    referencesIn: (repository, target) => byTarget.all(repository, target).map(referenceOf),
    tagsOf: (repository) => tags.all(repository).map(referenceOf),
    referencesTo: (id) => referencesTo.all(id).map(referenceOf),
    putReference({ reference: name, imageId, target = '', unverified = null }) {
      putReference.run(canonicalReference(name), imageId, target, unverified);
    },
    deleteReference: (name) => void removeReference.run(canonicalReference(name)),
    roots: () => rootsOf(allImages()),
  };
}

/** What images need. */
export function* rootsOf(images: Iterable<StoredImage>): Iterable<Root> {
  for (const { details, blobs } of images) {
    for (const key of blobs) yield { kind: 'content', key };
    if (details.topSnapshot) yield { kind: 'snapshot', key: details.topSnapshot };
  }
}

function referenceOf(row: Record<string, unknown>): StoredReference {
  return {
    reference: parseReference(String(row.reference)),
    imageId: String(row.image_id) as Digest,
    ...(row.target !== '' && { target: String(row.target) as Digest }),
    ...(row.unverified !== null && { unverified: String(row.unverified) }),
  };
}

/** The whole image as the service shows it. */
export function imageDetails(records: ImageRecords, image: StoredImage): ImageDetails {
  const rows = records.referencesTo(image.details.id);
  const tags = rows.filter(({ reference }) => !reference.digest);
  const digests = rows.flatMap(({ reference: { domain, path }, target }) =>
    target ? [familiarReference({ domain, path, digest: target })] : [],
  );
  return {
    ...image.details,
    repoTags: tags.map((row) => familiarReference(row.reference)),
    unverifiedTags: tags.filter(({ unverified }) => unverified).map((row) => familiarReference(row.reference)),
    repoDigests: [...new Set(digests)],
    ...(image.lastTagged !== undefined && { lastTagged: new Date(image.lastTagged) }),
  };
}

/** The record of an image whose layers are there. */
export function storedImage(made: {
  config: ConfigDetails;
  id: Digest;
  manifest: Digest;
  blobs: readonly Digest[];
  snapshots: readonly SnapshotInfo[];
}): StoredImage {
  const { config, id, manifest, blobs, snapshots } = made;
  const sizes = snapshots.map((snapshot) => snapshot.bytes);
  let layer = 0;
  const topSnapshot = chainIds(config.diffIds).at(-1);
  return {
    details: {
      ...config,
      id,
      size: sizes.reduce((sum, size) => sum + size, 0),
      ...(topSnapshot && { topSnapshot }),
      history: config.history.map((entry) => ({ ...entry, size: entry.emptyLayer ? 0 : (sizes[layer++] ?? 0) })),
    },
    manifest,
    blobs,
  };
}
