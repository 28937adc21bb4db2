import { createAuthorizer } from './auth/authorizer.ts';
import type { CredentialSource } from './auth/credentials.ts';
import type { Endpoint } from './endpoint.ts';
import type { InsecureHosts } from './insecure-hosts.ts';
import { createRegistrySession, type RegistrySession } from './registry-session.ts';
import type { Transport, TransportLimits } from './transport/transport.ts';

/** The sessions of one piece of work, a pull or a push, which has logins of its own; one for each endpoint and its limits. */
export interface RegistryClient {
  session(endpoint: Endpoint, limits?: Partial<TransportLimits>): RegistrySession;
}

export interface RegistryClientParts {
  transport: Transport;
  insecure: InsecureHosts;
  credentials: CredentialSource;
}

export function createRegistryClient({ credentials, ...parts }: RegistryClientParts): RegistryClient {
  const authorizer = createAuthorizer({ transport: parts.transport, credentials });
  const sessions = new Map<string, RegistrySession>();
  return {
    session(endpoint, limits) {
      const key = JSON.stringify([endpoint, limits]);
      const made = () => createRegistrySession(endpoint, { ...parts, authorizer, ...(limits && { limits }) });
      const session = sessions.get(key) ?? made();
      sessions.set(key, session);
      return session;
    },
  };
}
