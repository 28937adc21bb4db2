import type { Image } from '../../../electron/bridge/host.ts';
import { repositoryOf } from '../../host/references.ts';

export type ImageFilter = 'all' | 'used' | 'unused';
export type ImageSort = 'name' | 'size' | 'created';

export interface ImageQuery {
  filter: ImageFilter;
  search: string;
  order: { by: ImageSort; down: boolean };
  /** Repositories whose tags are folded away. */
  folded: ReadonlySet<string>;
}

/** One line of the list: an image under one of its names, or without one. */
export interface ImageLine {
  readonly key: string;
  readonly image: Image;
  readonly reference: string | undefined;
}

/** The tags of one repository, under a line of its own. */
export interface ImageGroup {
  readonly key: string;
  readonly repository: string;
  readonly count: number;
  /** Bytes of its images, each counted once. */
  readonly size: number;
  readonly open: boolean;
}

export type ImageRow = { readonly group: ImageGroup } | { readonly line: ImageLine; readonly grouped: boolean };

const passes: Record<ImageFilter, (line: ImageLine) => boolean> = {
  all: () => true,
  used: (line) => line.image.containers > 0,
  unused: (line) => line.image.containers <= 0,
};

/** Images without a name come last. */
function byName(a: ImageLine, b: ImageLine): number {
  if (a.reference === undefined || b.reference === undefined) {
    return Number(a.reference === undefined) - Number(b.reference === undefined) || a.key.localeCompare(b.key);
  }
  return a.reference.localeCompare(b.reference, 'en', { numeric: true });
}

const compare: Record<ImageSort, (a: ImageLine, b: ImageLine) => number> = {
  name: byName,
  size: (a, b) => b.image.size - a.image.size,
  created: (a, b) => b.image.createdAt.localeCompare(a.image.createdAt),
};

function linesOf(image: Image): ImageLine[] {
  if (image.references.length === 0) return [{ key: image.id, image, reference: undefined }];
  return image.references.map((reference) => ({ key: `${image.id} ${reference}`, image, reference }));
}

const sizeOf = (images: Iterable<Image>) => [...new Set(images)].reduce((sum, image) => sum + image.size, 0);

/** Lines of one repository stand together, where its first one stands; several get a line above them. */
function rowsOf(lines: readonly ImageLine[], folded: ReadonlySet<string>): ImageRow[] {
  const groups = new Map<string, ImageLine[]>();
  for (const line of lines) {
    const repository = line.reference === undefined ? line.key : repositoryOf(line.reference);
    groups.set(repository, [...(groups.get(repository) ?? []), line]);
  }
  return [...groups].flatMap(([repository, own]): ImageRow[] => {
    if (own.length === 1) return own.map((line) => ({ line, grouped: false }));
    const open = !folded.has(repository);
    const size = sizeOf(own.map(({ image }) => image));
    const group = { key: `group ${repository}`, repository, count: own.length, size, open };
    return [{ group }, ...(open ? own.map((line) => ({ line, grouped: true })) : [])];
  });
}

/** The rows to show, in order, and how many each filter would show of all. */
export function listImages(images: readonly Image[], query: ImageQuery) {
  const all = images.flatMap(linesOf);
  const words = query.search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter((line) => {
    const text = `${line.reference ?? ''}\n${line.image.id}\n${line.image.digests.join('\n')}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const sign = query.order.down ? -1 : 1;
  const lines = found
    .filter(passes[query.filter])
    .sort((a, b) => sign * compare[query.order.by](a, b) || compare.name(a, b));
  return {
    // what is searched for is not hidden
    rows: rowsOf(lines, words.length > 0 ? new Set() : query.folded),
    found: found.length,
    counts: {
      all: all.length,
      used: all.filter(passes.used).length,
      unused: all.filter(passes.unused).length,
    } satisfies Record<ImageFilter, number>,
    /** Bytes of all images; what several share is counted with each. */
    size: sizeOf(images),
  };
}
