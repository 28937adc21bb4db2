import type { Credentials } from '../auth/credentials.ts';
import { endpointOfDomain } from '../endpoint.ts';
import type { Reference } from '../reference.ts';
import { withDefaultTag } from '../reference.ts';
import { createRegistryClient, type RegistryClient } from '../registry-client.ts';
import type { Transport } from '../transport/transport.ts';
import type { LocalRegistryBook } from './local-registry-book.ts';
import { openRepositorySources, type RepositorySources } from './repository-sources.ts';
import { endpointsOf } from './rules.ts';
import type { SourceNote } from './source.ts';

export interface OpenSources {
  /** For the registry of the reference, and nobody else. */
  login?: Credentials;
  signal: AbortSignal;
  note?(note: SourceNote): void;
}

/** The one way to registries and mirrors, for whatever needs an image: pull, run, build, search, push. */
export interface Registries {
  sources(reference: Reference, options: OpenSources): RepositorySources;
  /** For one endpoint, with this login beside those that were handed over. */
  client(login?: { host: string; credentials: Credentials }): RegistryClient;
}

export function createRegistries({ book, transport }: { book: LocalRegistryBook; transport: Transport }): Registries {
  const credentialsWith = (login?: { host: string; credentials: Credentials }) => ({
    credentialsFor: async (host: string) => (login?.host === host ? login.credentials : book.loginOf(host)),
  });
  const clientWith = (login?: { host: string; credentials: Credentials }) =>
    createRegistryClient({ transport, insecure: book.insecure, credentials: credentialsWith(login) });
  return {
    client: clientWith,
    sources(reference, { login, signal, note = () => {} }) {
      const { domain, path } = withDefaultTag(reference);
      // the login of a registry belongs to its own host, also where something else stands for it
      const own = login && { host: endpointOfDomain(domain).host, credentials: login };
      return openRepositorySources({
        endpoints: endpointsOf(book.settings(), book.fixed(), { domain, path }),
        client: clientWith(own),
        health: book.healthBook,
        limits: book.limits(),
        hasLogin: async (host) => (await credentialsWith(own).credentialsFor(host)) !== undefined,
        path,
        signal,
        note,
      });
    },
  };
}
