import type { RepositoryWork } from '../../registry/fetch.ts';
import { listRepositories, listTags } from '../../registry/lists.ts';
import { parseReference, repositoryOf } from '../../registry/reference.ts';
import { RegistryFailure } from '../../registry/registry-failure.ts';
import type { RegistrySession } from '../../registry/registry-session.ts';

/** An image that a mirror of the prefix should have. */
export interface KnownImage {
  path: string;
  tag: string;
}

export interface KnownImagesRequest {
  /** Of a rule: `docker.io`, `ghcr.io/acme`. */
  prefix: string;
  /** Names of images here, the newest first. */
  here: readonly string[];
  /** At the mirror, for its catalogue. */
  session: RegistrySession;
  signal: AbortSignal;
}

/** Small, and everywhere. */
const everywhere: readonly KnownImage[] = [
  { path: 'library/alpine', tag: 'latest' },
  { path: 'library/busybox', tag: 'latest' },
];
const mostHere = 2;
const mostOfCatalogue = 2;

/**
 * Images to try a mirror with, the most likely first: those that everybody has of Docker Hub, the newest here, the
 * repository that the prefix itself is, what its catalogue names.
 */
export async function* knownImages(request: KnownImagesRequest): AsyncGenerator<KnownImage> {
  const { prefix, here } = request;
  const [domain = ''] = prefix.split('/', 1);
  const names = prefix.slice(domain.length + 1);
  const isOfPrefix = (path: string) => names === '' || path === names || path.startsWith(`${names}/`);
  if (domain === 'docker.io') yield* everywhere.filter(({ path }) => isOfPrefix(path));
  const own = here
    .map(parseReference)
    .filter((reference) => reference.domain === domain && isOfPrefix(reference.path) && reference.tag !== undefined);
  const newest = [...new Map(own.map((reference) => [repositoryOf(reference), reference])).values()].slice(0, mostHere);
  for (const { path, tag = 'latest' } of newest) yield { path, tag };
  // of Docker Hub, every repository has two parts
  const mayBeRepository = domain === 'docker.io' ? names.includes('/') : names !== '';
  if (mayBeRepository) yield { path: names, tag: 'latest' };
  yield* fromCatalogue(request, isOfPrefix);
}

async function* fromCatalogue(
  { session, signal }: KnownImagesRequest,
  isOfPrefix: (path: string) => boolean,
): AsyncGenerator<KnownImage> {
  const { prefix: project } = session.endpoint;
  const pathOf = (name: string) => {
    if (!project) return name;
    return name.startsWith(`${project}/`) ? name.slice(project.length + 1) : undefined;
  };
  let left = mostOfCatalogue;
  try {
    for await (const page of listRepositories(session, signal)) {
      for (const path of page.map(pathOf)) {
        if (path === undefined || !isOfPrefix(path)) continue;
        const tag = await someTag({ session, path, signal });
        if (tag !== undefined) yield { path, tag };
        if (--left === 0) return;
      }
    }
  } catch (error) {
    // most registries do not show theirs
    if (!(error instanceof RegistryFailure)) throw error;
  }
}

async function someTag(work: RepositoryWork): Promise<string | undefined> {
  for await (const tags of listTags(work)) return tags.includes('latest') ? 'latest' : tags.at(-1);
  return undefined;
}
