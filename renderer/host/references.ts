import { splitReference } from './figures.ts';

/** `docker.io` where none is named, as the distribution rules find it. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return !isHost || first === 'index.docker.io' ? 'docker.io' : first;
}

/** Without tag and digest: `ghcr.io/acme/app`. */
export function repositoryOf(reference: string): string {
  const [named = ''] = reference.split('@');
  return splitReference(named).name;
}

/** The tag alone, `latest` where there is neither tag nor digest. */
export function tagOf(reference: string): string {
  const [named = '', digest] = reference.split('@');
  return splitReference(named).tag.slice(1) || (digest ?? 'latest');
}

/** As the engine writes it: `docker.io/library/node` is `node`. */
export function familiarName(text: string): string {
  return text.trim().replace(/^(?:index\.)?docker\.io\/(?:library\/)?(?=.)/, '');
}

/** A name that a registry was found to have, as one would write it. */
export function foundName({ registry, name }: { registry: string; name: string }): string {
  const whole = name.startsWith(`${registry}/`) ? name : `${registry}/${name}`;
  return familiarName(whole);
}

const part = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const host = '(?:[a-zA-Z0-9][a-zA-Z0-9.-]*|\\[[0-9a-fA-F:]+\\])(?::\\d+)?';
const pattern = new RegExp(
  `^(?:${host}/)?${part}(?:/${part})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
);

/** Whether a text can be the name of an image (distribution reference, as people write it). */
export const isReference = (text: string): boolean => pattern.test(text);

const isVersion = (tag: string) => /^v?\d/.test(tag);

/** `latest`, versions from the newest down, then words. */
export function sortTags(tags: readonly string[]): string[] {
  const rank = (tag: string) => (tag === 'latest' ? 0 : isVersion(tag) ? 1 : 2);
  return [...tags].sort((a, b) => {
    const byRank = rank(a) - rank(b);
    if (byRank !== 0) return byRank;
    const order = a.replace(/^v/, '').localeCompare(b.replace(/^v/, ''), 'en', { numeric: true });
    return isVersion(a) ? -order : order;
  });
}
