import { EngineError } from '../base/errors.ts';

/**
 * An image name (distribution reference grammar, github.com/distribution/reference), normalised: `busybox` is
 * `docker.io/library/busybox`.
 */
export interface Reference {
  /** `docker.io`, `localhost:5000`. */
  domain: string;
  /** `library/busybox`. */
  path: string;
  tag?: string;
  digest?: string;
}

const defaultDomain = 'docker.io';
const officialPrefix = 'library/';
const longestName = 255;

const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domainPattern = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?`;
const pathComponent = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const tagPattern = '\\w[\\w.-]{0,127}';
const digestPattern = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const referencePattern = new RegExp(
  `^(${domainPattern})/(${pathComponent}(?:/${pathComponent})*)(?::(${tagPattern}))?(?:@(${digestPattern}))?$`,
);

/**
 * Reads a name as people write it.
 *
 * @throws EngineError `invalid` with reason `image.reference-invalid` and Docker's words.
 */
export function parseReference(text: string): Reference {
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`, text);
  }
  const { domain, rest } = splitDomain(text);
  const name = rest.slice(0, rest.search(/[:@]|$/));
  if (name !== name.toLowerCase()) {
    throw invalid(`invalid reference format: repository name (${name}) must be lowercase`, text);
  }
  const match = referencePattern.exec(`${domain}/${rest}`);
  if (!match?.[1] || !match[2]) throw invalid('invalid reference format', text);
  if (match[1].length + match[2].length + 1 > longestName) {
    throw invalid(`invalid reference format: repository name must not be more than ${longestName} characters`, text);
  }
  return {
    domain: match[1],
    path: match[2],
    ...(match[3] && { tag: match[3] }),
    ...(match[4] && { digest: match[4] }),
  };
}

const pathPattern = new RegExp(`^${pathComponent}(?:/${pathComponent})*$`);

/** Whether it is the path of a repository: `library/busybox`. */
export const isRepositoryPath = (text: string) => pathPattern.test(text);

function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first;
  if (slash < 0 || !isDomain) return { domain: defaultDomain, rest: official(text) };
  const rest = text.slice(slash + 1);
  if (first === 'index.docker.io' || first === defaultDomain) return { domain: defaultDomain, rest: official(rest) };
  return { domain: first, rest };
}

const official = (rest: string) => (rest.includes('/') ? rest : officialPrefix + rest);

function invalid(message: string, text: string): EngineError {
  return new EngineError('invalid', message, { reason: 'image.reference-invalid', params: { reference: text } });
}

/** `latest` where neither tag nor digest is given. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag || reference.digest ? reference : { ...reference, tag: 'latest' };
}

/** Domain and path: `docker.io/library/busybox`. */
export const repositoryOf = ({ domain, path }: Reference) => `${domain}/${path}`;

/** The full form, the same for all ways of writing one name: `docker.io/library/busybox:latest`. */
export function canonicalReference(reference: Reference): string {
  return repositoryOf(reference) + suffixOf(reference);
}

/** As Docker shows it: `busybox:latest`. */
export function familiarReference(reference: Reference): string {
  const { domain, path } = reference;
  if (domain !== defaultDomain) return repositoryOf(reference) + suffixOf(reference);
  const short = path.startsWith(officialPrefix) ? path.slice(officialPrefix.length) : path;
  return (short.includes('/') ? path : short) + suffixOf(reference);
}

const suffixOf = ({ tag, digest }: Reference) => (tag ? `:${tag}` : '') + (digest ? `@${digest}` : '');
