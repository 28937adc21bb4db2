import { isIP } from 'node:net';
import { EngineError } from '../base/errors.ts';
import { isRepositoryPath } from './reference.ts';

/** A place that speaks the distribution API (OCI distribution spec 1.1): a registry or one of its mirrors. */
export interface Endpoint {
  /** Host with its port where one is written, e.g. `localhost:5000`: logins and certificates belong to exactly this. */
  host: string;
  /** Before every repository, as a proxy-cache project of Harbor wants it: `dockerhub-proxy`; usually empty. */
  prefix: string;
  /** `http` only where it was written; `https` is tried first and verified unless the host is insecure. */
  scheme: 'https' | 'http';
}

/** docker.io is only a name: its API is elsewhere. */
const apiHosts: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/** The registry that a domain of an image name means. */
export function endpointOfDomain(domain: string): Endpoint {
  return { host: apiHosts[domain] ?? domain, prefix: '', scheme: 'https' };
}

/**
 * Reads an endpoint as people write it: `mirror.example`, `https://mirror.example:5000/prefix`, `http://127.0.0.1:5000`;
 * a `/v2` at the end, which other tools ask for, is dropped.
 *
 * @throws EngineError `invalid` (`registry.address-*`) with what is wrong; credentials do not belong into it.
 */
export function parseEndpoint(text: string): Endpoint {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  // a password that was written into it must not come back in a message
  const shown = text.replace(/[^/@]*@/, '');
  const fail = (fault: 'none' | 'scheme' | 'login' | 'query' | 'path', why: string, params = {}) =>
    new EngineError('invalid', `invalid registry address ${JSON.stringify(shown)}: ${why}`, {
      reason: `registry.address-${fault}`,
      params: { address: shown, ...params },
    });
  let url: URL;
  try {
    url = new URL(withScheme);
  } catch (cause) {
    throw Object.assign(fail('none', 'it is no address'), { cause });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw fail('scheme', 'it has to begin with https:// or http://');
  if (url.username || url.password) throw fail('login', 'a name and password do not belong into it; log in instead');
  if (url.search || url.hash) throw fail('query', 'a query or fragment has no place in it');
  const path = url.pathname.replace(/\/+$/, '').replace(/\/v2$/, '');
  const prefix = path.replace(/^\/(v2\/)?/, '');
  if (prefix && !isRepositoryPath(prefix)) throw fail('path', `its path ${prefix} is no repository`, { path: prefix });
  return { host: apiHosts[url.host] ?? url.host, prefix, scheme: url.protocol === 'http:' ? 'http' : 'https' };
}

/** As it is shown and written back. */
export function endpointText({ scheme, host, prefix }: Endpoint): string {
  return `${scheme}://${host}${prefix ? `/${prefix}` : ''}`;
}

/** Host name of `host:port` or `[v6]:port`, without brackets. */
export function hostNameOf(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

const isLoopback = (name: string) =>
  name === 'localhost' || name.endsWith('.localhost') || (isIP(name) === 4 ? name.startsWith('127.') : name === '::1');

/** Whether a host is one of this computer: Docker takes those as insecure always. */
export const isLocalHost = (host: string) => isLoopback(hostNameOf(host));
