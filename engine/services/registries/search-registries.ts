import { EngineError, messageOf } from '../../base/errors.ts';
import { type Endpoint, endpointOfDomain, endpointText } from '../../registry/endpoint.ts';
import { listRepositories } from '../../registry/lists.ts';
import { endpointsOf } from '../../registry/mirrors/rules.ts';
import type { Source } from '../../registry/mirrors/source.ts';
import { familiarReference, parseReference } from '../../registry/reference.ts';
import type { RegistryClient } from '../../registry/registry-client.ts';
import { RegistryFailure } from '../../registry/registry-failure.ts';
import { askEndpoints, sourcesToAsk } from './ask-endpoints.ts';
import { briskLimits, type RegistryParts } from './registry-parts.ts';
import type { FoundNames, FoundRepository, RegistryLogin, SearchQuestion } from './registry-service.ts';
import { searchHub } from './search-hub.ts';

/** Searches registries: Docker Hub by its search, all others by their catalogues. */
export interface RegistrySearch {
  search(question: SearchQuestion): Promise<readonly FoundRepository[]>;
  names(text: string, signal: AbortSignal): Promise<FoundNames>;
  /** Settings or logins have changed: what was heard before may not hold. */
  forget(): void;
}

/** Milliseconds for each endpoint: of a search, and of names while somebody types. */
const longestSearch = 15_000;
const longestLook = 4000;
const mostNames = 25;
/** Of one catalogue. */
const mostRepositories = 20_000;
/** Milliseconds for which a catalogue is taken as it was: names are asked for with each key. */
const memory = 20_000;

export function createRegistrySearch(parts: RegistryParts): RegistrySearch {
  const heard = new Map<string, { at: number; names: readonly string[] | RegistryFailure }>();

  /** As `listAll`, remembered for a moment, a failure too. */
  const remembered = async (client: RegistryClient, endpoint: Endpoint, signal: AbortSignal) => {
    const key = endpointText(endpoint);
    const known = heard.get(key);
    const names =
      known && Date.now() - known.at < memory
        ? known.names
        : await listAll(client, endpoint, signal).catch((error) => {
            if (error instanceof RegistryFailure) return error;
            throw error;
          });
    if (names !== known?.names) heard.set(key, { at: Date.now(), names });
    if (names instanceof RegistryFailure) throw names;
    return names;
  };

  const findIn = async (domain: string, text: string, options: FindOptions): Promise<readonly FoundRepository[]> => {
    const { signal, milliseconds, limit, login } = options;
    const endpoints = endpointsOf(parts.book.settings(), parts.book.fixed(), { domain, path: '' });
    const client = parts.registries.client(login && { host: endpointOfDomain(domain).host, credentials: login });
    const ask = async ({ endpoint, role }: Source, bounded: AbortSignal) => {
      const isHub = role === 'upstream' && endpoint.host === endpointOfDomain('docker.io').host;
      if (isHub) return askHub(parts, text, limit, bounded);
      const look = options.isTyping ? remembered : listAll;
      return found(domain, await look(client, endpoint, bounded), text, limit);
    };
    return (await askEndpoints(sourcesToAsk(endpoints), { milliseconds, signal }, ask)).value;
  };

  return {
    forget: () => heard.clear(),
    async search({ term, limit, signal, login }) {
      if (term.includes('://')) {
        const message = `invalid repository name: repository name (${term}) should not have a scheme`;
        throw new EngineError('invalid', message, { reason: 'request.invalid', params: { field: 'term' } });
      }
      const { domain, text } = splitTerm(term);
      return findIn(domain, text, { signal, limit, milliseconds: longestSearch, ...(login && { login }) });
    },
    async names(term, signal) {
      const { domain, text, isNamed } = splitTerm(term);
      const domains = isNamed ? [domain] : await knownDomains(parts);
      const names: FoundNames['names'][number][] = [];
      const unsearchable: FoundNames['unsearchable'][number][] = [];
      const options = { signal, limit: mostNames, milliseconds: longestLook, isTyping: true };
      const answers = await Promise.all(
        domains.map((registry) =>
          findIn(registry, text, options).catch((error: unknown) => {
            if (signal.aborted) throw error;
            return messageOf(error);
          }),
        ),
      );
      for (const [index, answer] of answers.entries()) {
        const registry = domains[index] ?? '';
        if (typeof answer === 'string') unsearchable.push({ registry, message: answer });
        else names.push(...answer.map((one) => nameOf(registry, one)));
      }
      return { names, unsearchable };
    },
  };
}

interface FindOptions {
  signal: AbortSignal;
  limit: number;
  milliseconds: number;
  login?: RegistryLogin;
  isTyping?: boolean;
}

const nameOf = (registry: string, { name, official, description }: FoundRepository) => ({
  ...{ registry, name },
  ...(official && { official }),
  ...(description && { description }),
});

async function askHub({ book, transport }: RegistryParts, text: string, limit: number, signal: AbortSignal) {
  const insecure = await book.insecure.includes('index.docker.io');
  // as dockerd: Docker Hub knows its own images without it
  const term = text.replace(/^library\//, '');
  return searchHub({ transport, insecure }, { term, limit, signal });
}

/** All of a catalogue; of a project behind a host only what is in it, as an image name would say it. @throws RegistryFailure. */
async function listAll(client: RegistryClient, endpoint: Endpoint, signal: AbortSignal): Promise<readonly string[]> {
  const { prefix } = endpoint;
  const names: string[] = [];
  for await (const page of listRepositories(client.session(endpoint, briskLimits), signal)) {
    for (const name of page) {
      if (!prefix) names.push(name);
      else if (name.startsWith(`${prefix}/`)) names.push(name.slice(prefix.length + 1));
    }
    if (names.length >= mostRepositories) break;
  }
  return names;
}

/** Those that begin so first, then those with it anywhere. */
function found(domain: string, names: readonly string[], text: string, limit: number): readonly FoundRepository[] {
  const wanted = text.toLowerCase();
  const rank = (name: string) => {
    const at = name.indexOf(wanted);
    return at === 0 || name[at - 1] === '/' ? 0 : 1;
  };
  return names
    .filter((name) => name.includes(wanted))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .slice(0, limit)
    .map((path) => ({
      name: familiarReference({ domain, path }),
      description: '',
      stars: 0,
      official: domain === 'docker.io' && /^library\/[^/]+$/.test(path),
    }));
}

/** As names of images: what is before the first slash is a registry when it looks like one. */
function splitTerm(term: string): { domain: string; text: string; isNamed: boolean } {
  const slash = term.indexOf('/');
  const first = term.slice(0, Math.max(slash, 0));
  const isDomain = /[.:]/.test(first) || first === 'localhost';
  if (!isDomain) return { domain: 'docker.io', text: term, isNamed: false };
  const domain = first === 'index.docker.io' ? 'docker.io' : first;
  return { domain, text: term.slice(slash + 1), isNamed: true };
}

/** Docker Hub, those that rules and logins are for, and those that images here are from. */
async function knownDomains({ book, namesHere }: RegistryParts): Promise<readonly string[]> {
  const ruled = book.settings().rules.map(({ prefix }) => prefix.split('/', 1)[0] ?? '');
  const logins = book.logins().map(({ host }) => host);
  const here = (await namesHere()).map((name) => parseReference(name).domain);
  const hub = endpointOfDomain('docker.io').host;
  return [...new Set(['docker.io', ...ruled, ...logins, ...here])].filter((domain) => domain !== '' && domain !== hub);
}
