import { createKeyedLock } from '../../base/keyed-lock.ts';
import { isLocalHost } from '../endpoint.ts';
import { readError } from '../registry-error.ts';
import { answerFailure, statusFailure } from '../registry-failure.ts';
import { readShort } from '../transport/response-body.ts';
import type { Transport } from '../transport/transport.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { CredentialSource, Credentials } from './credentials.ts';

/** Whom a request goes to, and what it is for. */
export interface Purpose {
  /** Host with port: whose login may be used. */
  host: string;
  /** Scopes of the token specification: `repository:library/busybox:pull`. */
  scopes: readonly string[];
  /** Whether the host's certificate is not verified, or it is asked in plain HTTP. */
  insecure: boolean;
}

/** Authorization headers for one piece of work; knows the challenges and tokens of the hosts it has met. */
export interface Authorizer {
  /** Before a host has asked: nothing. @throws RegistryFailure of the token service. */
  headerFor(purpose: Purpose, signal: AbortSignal): Promise<string | undefined>;
  /** Takes a 401's WWW-Authenticate. Resolves to whether another try makes sense. */
  takeChallenge(purpose: Purpose, header: string | undefined): boolean;
}

interface Token {
  header: string;
  /** Milliseconds since the epoch. */
  until: number;
}

const longestToken = 1 << 20;

/**
 * Basic (RFC 7617) and Bearer with a token service (distribution: "Token Authentication Specification"). A login goes to the
 * host it belongs to and to the token service which that host names over TLS, never anywhere else.
 */
export function createAuthorizer(dependencies: { transport: Transport; credentials: CredentialSource }): Authorizer {
  const { transport, credentials } = dependencies;
  const challenges = new Map<string, Challenge>();
  const tokens = new Map<string, Token>();
  const lock = createKeyedLock();
  const keyOf = ({ host, scopes }: Purpose) => `${host} ${[...scopes].sort().join(' ')}`;

  return {
    async headerFor(purpose, signal) {
      const challenge = challenges.get(purpose.host);
      if (!challenge) return undefined;
      const key = keyOf(purpose);
      // many layers at once need one token
      return lock.run(key, async () => {
        const known = tokens.get(key);
        if (known && known.until > Date.now()) return known.header;
        const login = await credentials.credentialsFor(purpose.host);
        if (challenge.scheme === 'basic') return login && basic(login);
        if (login?.registryToken) return `Bearer ${login.registryToken}`;
        const token = await fetchToken({ transport, challenge, purpose, login, signal });
        tokens.set(key, token);
        return token.header;
      });
    },
    takeChallenge(purpose, header) {
      const offered = parseChallenges(header ?? '').filter(({ scheme, parameters }) => {
        return scheme === 'basic' || (scheme === 'bearer' && parameters.realm);
      });
      const chosen = offered.find(({ scheme }) => scheme === 'bearer') ?? offered[0];
      if (!chosen) return false;
      challenges.set(purpose.host, chosen);
      tokens.delete(keyOf(purpose));
      return true;
    },
  };
}

const basic = ({ username, password }: Credentials) =>
  `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;

interface TokenRequest {
  transport: Transport;
  challenge: Challenge;
  purpose: Purpose;
  login: Credentials | undefined;
  signal: AbortSignal;
}

async function fetchToken({ transport, challenge, purpose, login, signal }: TokenRequest): Promise<Token> {
  const realm = realmOf(challenge, purpose);
  const scopes = purpose.scopes.length > 0 ? purpose.scopes : [challenge.parameters.scope ?? ''].filter(Boolean);
  const { service } = challenge.parameters;
  const insecure = purpose.insecure || isLocalHost(realm.host);
  const began = Date.now();
  const common = { insecure, signal };
  const response = login?.identityToken
    ? await transport.send({ ...common, ...refreshRequest(realm, { service, scopes, token: login.identityToken }) })
    : await transport.send({ ...common, ...anonymousOrBasic(realm, { service, scopes, login }) });
  const { bytes, whole } = await readShort(response.body, longestToken);
  const what = `a token of ${realm.host}`;
  if (response.status !== 200) {
    const { registryCode, detail } = readError(bytes);
    const details = { kind: 'status' as const, host: purpose.host, status: response.status };
    throw statusFailure({ ...details, ...(registryCode && { registryCode }), ...(detail && { detail }) }, what);
  }
  const answer = whole ? parseToken(bytes) : undefined;
  if (!answer) throw answerFailure('wrong', purpose.host, `${realm.host} answered without a token`);
  // a little earlier than it ends: a request takes time
  return { header: `Bearer ${answer.token}`, until: began + answer.seconds * 900 };
}

/** Where the registry sends us for tokens. Over TLS no plain service is taken: the login would travel in the clear. */
function realmOf({ parameters }: Challenge, { host, insecure }: Purpose): URL {
  const text = parameters.realm ?? '';
  const realm = URL.parse(text);
  const isPlain = realm?.protocol === 'http:';
  if (realm && (realm.protocol === 'https:' || (isPlain && (insecure || isLocalHost(realm.host))))) return realm;
  throw answerFailure(
    'wrong',
    host,
    `it names ${JSON.stringify(text)} as its token service, which is not reached by TLS`,
  );
}

interface TokenQuestion {
  service: string | undefined;
  scopes: readonly string[];
}

function anonymousOrBasic(realm: URL, { service, scopes, login }: TokenQuestion & { login: Credentials | undefined }) {
  const url = new URL(realm);
  if (service) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (login) url.searchParams.set('account', login.username);
  return { method: 'GET' as const, url, ...(login && { headers: { authorization: basic(login) } }) };
}

/** OAuth 2 with the refresh token that `docker login` got (distribution: "Docker Registry v2 authentication using OAuth2"). */
function refreshRequest(realm: URL, { service, scopes, token }: TokenQuestion & { token: string }) {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    service: service ?? '',
    client_id: 'beluga',
    scope: scopes.join(' '),
    refresh_token: token,
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST' as const, url: realm, headers, body: Buffer.from(form.toString()) };
}

/** The specification: without `expires_in` a token holds for 60 s. */
function parseToken(bytes: Buffer): { token: string; seconds: number } | undefined {
  try {
    const { token, access_token: accessToken, expires_in: expiresIn } = JSON.parse(bytes.toString('utf8'));
    const text = token || accessToken;
    if (typeof text !== 'string' || text === '') return undefined;
    return { token: text, seconds: typeof expiresIn === 'number' && expiresIn > 0 ? expiresIn : 60 };
  } catch {
    return undefined;
  }
}
