import { EngineError } from '../../base/errors.ts';
import { type Endpoint, endpointOfDomain, parseEndpoint } from '../../registry/endpoint.ts';
import { checkRegistry } from '../../registry/lists.ts';
import { importSettings } from '../../registry/mirrors/import/import-settings.ts';
import type { RegistryParts } from './registry-parts.ts';
import type { RegistryService } from './registry-service.ts';
import { findTags } from './repository-tags.ts';
import { createRegistrySearch } from './search-registries.ts';
import { testMirror } from './test-mirror.ts';

/** Milliseconds. */
const longestCheck = 60_000;

/** Docker's clients call Docker Hub by an address of its first version, and may write one behind others too. */
export function endpointOfLogin(address: string): Endpoint {
  const text = address.replace(/\/v[12]\/?$/, '');
  if (/^(https?:\/\/)?(index\.docker\.io|docker\.io)?\/?$/.test(text)) return endpointOfDomain('docker.io');
  return parseEndpoint(text);
}

const hub = endpointOfDomain('docker.io').host;

/** The host that a login belongs to. @throws EngineError `invalid` (`registry.address-*`). */
function hostOfLogin(host: string): string {
  const endpoint = host === '' ? undefined : endpointOfLogin(host);
  if (endpoint && endpoint.prefix === '') return endpoint.host;
  throw new EngineError('invalid', `a login belongs to a host, not to ${JSON.stringify(host)}`, {
    reason: 'registry.address-host',
    params: { address: host },
  });
}

export function createRegistryService(parts: RegistryParts): RegistryService {
  const { book } = parts;
  const search = createRegistrySearch(parts);
  return {
    async checkLogin(address, login) {
      const endpoint = endpointOfLogin(address);
      const client = parts.registries.client({ host: endpoint.host, credentials: login });
      await checkRegistry(client.session({ ...endpoint, prefix: '' }), AbortSignal.timeout(longestCheck));
    },
    overview: () => ({
      settings: book.settings(),
      fixed: book.fixed(),
      health: book.health(),
      logins: book.logins().map(({ host, username }) => ({ host: host === hub ? 'docker.io' : host, username })),
    }),
    async apply(settings) {
      await book.apply(settings);
      search.forget();
    },
    readConfiguration: (request) => importSettings(request, book.settings()),
    setLogin(host, login) {
      book.setLogin(hostOfLogin(host), login);
      search.forget();
    },
    testMirror: (question, signal) => testMirror(parts, question, signal),
    search: search.search,
    names: search.names,
    tags: (question) => findTags(parts, question),
  };
}
