import { pathAt, pullScope, type RepositoryWork } from './fetch.ts';
import { answerFailure } from './registry-failure.ts';
import type { Question, RegistrySession } from './registry-session.ts';
import { readShort } from './transport/response-body.ts';

const longestPage = 8 << 20;
/** Of a registry that lists without end. */
const mostPages = 1000;

/** The tags of a repository, a page at a time (OCI distribution spec, "Listing Tags"). @throws RegistryFailure. */
export function listTags(work: RepositoryWork): AsyncGenerator<readonly string[]> {
  const { session, signal } = work;
  const question = { scopes: pullScope(work), what: `the tags of ${work.path}`, signal };
  return pages(session, { ...question, target: `${pathAt(work)}/tags/list?n=1000` }, 'tags');
}

/** The repositories of a registry, where it tells (distribution: "Listing Repositories"). @throws RegistryFailure. */
export function listRepositories(session: RegistrySession, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  const question = { scopes: ['registry:catalog:*'], what: 'the list of repositories', signal };
  return pages(session, { ...question, target: '_catalog?n=1000' }, 'repositories');
}

/** Whether the registry is there and takes the login (OCI distribution spec, "Determining Support"). @throws RegistryFailure. */
export async function checkRegistry(session: RegistrySession, signal: AbortSignal): Promise<void> {
  const response = await session.ask({
    method: 'GET',
    target: '',
    scopes: [],
    accept: [200],
    what: 'its API (/v2/)',
    signal,
  });
  response.discard();
}

async function* pages(
  session: RegistrySession,
  question: Omit<Question, 'method' | 'accept'>,
  field: 'tags' | 'repositories',
): AsyncGenerator<readonly string[]> {
  const { host } = session.endpoint;
  let target = question.target;
  for (let count = 0; count < mostPages; count++) {
    const response = await session.ask({ ...question, target, method: 'GET', accept: [200] });
    const { bytes, whole } = await readShort(response.body, longestPage);
    const names = whole ? namesOf(bytes, field) : undefined;
    if (!names) throw answerFailure('wrong', host, `${question.what} cannot be read`);
    yield names;
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec([response.headers.link ?? []].flat().join(', '))?.[1];
    const url = next === undefined ? null : URL.parse(next, response.url.href);
    if (!url) return;
    // a login follows a host, so a list must not lead to another
    if (url.host !== response.url.host) throw answerFailure('wrong', host, `${question.what} goes on at ${url.host}`);
    target = url;
  }
}

function namesOf(bytes: Buffer, field: string): readonly string[] | undefined {
  try {
    const names = JSON.parse(bytes.toString('utf8'))[field] ?? [];
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : undefined;
  } catch {
    return undefined;
  }
}
