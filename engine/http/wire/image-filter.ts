import type { ImageDetails } from '../../services/images/image-service.ts';
import { parseMoment } from './moment.ts';
import { booleanFilter, type Filters } from './query.ts';

export const imageFilters = ['before', 'dangling', 'label', 'reference', 'since', 'until'];

const literal = (text: string) => text.replace(/[.+^${}()|\\]/g, '\\$&');

/** Go's path.Match: `*` and `?` do not pass a slash, `[…]` is a class. */
function globOf(pattern: string): RegExp {
  const source = pattern
    .split(/(\*|\?|\[[^\]]+\])/)
    .map((part) => {
      if (part === '*') return '[^/]*';
      if (part === '?') return '[^/]';
      return /^\[.+\]$/.test(part) ? part : literal(part).replaceAll('[', '\\[').replaceAll(']', '\\]');
    })
    .join('');
  return new RegExp(`^${source}$`);
}

/** The pattern matches the whole familiar name or the part before tag and digest (reference.FamiliarMatch). */
const withoutTag = (name: string) => name.replace(/@.*$/, '').replace(/:[^:/]*$/, '');

function hasLabel({ config }: ImageDetails, label: string): boolean {
  const cut = label.indexOf('=');
  if (cut < 0) return Object.hasOwn(config.labels, label);
  const key = label.slice(0, cut);
  return Object.hasOwn(config.labels, key) && config.labels[key] === label.slice(cut + 1);
}

const createdOf = ({ created }: ImageDetails) => (created === undefined ? 0 : Date.parse(created) || 0);

/** Docker's: an image that has no names is no name's, and of one that has others only those that match are shown. */
function withMatchingNames(image: ImageDetails, patterns: readonly string[] | undefined): ImageDetails | undefined {
  if (!patterns) return image;
  const globs = patterns.map(globOf);
  const matches = (name: string) => globs.some((glob) => glob.test(name) || glob.test(withoutTag(name)));
  const shown = { ...image, repoTags: image.repoTags.filter(matches), repoDigests: image.repoDigests.filter(matches) };
  return shown.repoTags.length + shown.repoDigests.length > 0 ? shown : undefined;
}

/** One without any name is not shown by `dangling=false`; one that has digests only is shown by both. */
function passesDangling({ repoTags, repoDigests }: ImageDetails, dangling: boolean | undefined): boolean {
  if (dangling === undefined) return true;
  return dangling ? repoTags.length === 0 : repoTags.length + repoDigests.length > 0;
}

/**
 * The images that pass; `before` and `since` name images whose times of making are the limits.
 * @throws what `find` throws for such a name.
 */
export async function filterImages(
  images: readonly ImageDetails[],
  filters: Filters,
  find: (name: string) => Promise<ImageDetails>,
): Promise<readonly ImageDetails[]> {
  const dangling = booleanFilter(filters, 'dangling');
  const madeAt = async (names: readonly string[] = []) => (await Promise.all(names.map(find))).map(createdOf);
  const until = (filters.until ?? []).map((text) => parseMoment(text).getTime());
  const before = Math.min(...(await madeAt(filters.before)), ...until);
  const since = Math.max(...(await madeAt(filters.since)));
  return images.flatMap((image) => {
    const created = createdOf(image);
    if (created >= before || created <= since) return [];
    if (filters.label && !filters.label.every((label) => hasLabel(image, label))) return [];
    const shown = withMatchingNames(image, filters.reference);
    return shown && passesDangling(shown, dangling) ? [shown] : [];
  });
}
