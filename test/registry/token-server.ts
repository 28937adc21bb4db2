import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { KeyPair } from './certificates.ts';
import { readPem } from './registry-process.ts';

export interface TokenRequest {
  method: string;
  scopes: readonly string[];
  service: string | null;
  authorization: string | undefined;
  refreshToken: string | null;
}

/** A token service (distribution: "Token Authentication Specification") with logins of its own. */
export interface TokenServer extends AsyncDisposable {
  readonly realm: string;
  /** Every request so far. */
  readonly requests: readonly TokenRequest[];
}

export interface TokenServerOptions {
  keys: KeyPair;
  service: string;
  /** name -> password: may do everything. */
  users: Readonly<Record<string, string>>;
  /** Taken for `grant_type=refresh_token`. */
  refreshToken?: string;
  /** Whether anybody may pull. */
  anonymousPull: boolean;
  /** Seconds. */
  lifetime?: number;
}

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signed({ keys, service }: TokenServerOptions, access: unknown): string {
  const now = Math.floor(Date.now() / 1000);
  const certificate = new X509Certificate(readPem(keys.cert));
  const header = { typ: 'JWT', alg: 'ES256', x5c: [certificate.raw.toString('base64')] };
  const times = { exp: now + 300, nbf: now - 10, iat: now - 10 };
  const claims = { iss: 'issuer.test', sub: '', aud: service, ...times, jti: randomUUID(), access };
  const body = `${base64(header)}.${base64(claims)}`;
  const key = createPrivateKey(readPem(keys.key));
  return `${body}.${sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

async function read(request: IncomingMessage): Promise<TokenRequest> {
  const url = new URL(request.url ?? '', 'http://token.test');
  const form = request.method === 'POST' ? new URLSearchParams(await text(request)) : url.searchParams;
  const scopes = form.getAll('scope').flatMap((scope) => scope.split(' '));
  return {
    method: request.method ?? '',
    scopes,
    service: form.get('service'),
    authorization: request.headers.authorization,
    refreshToken: form.get('refresh_token'),
  };
}

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const requests: TokenRequest[] = [];
  const isKnown = ({ authorization, refreshToken }: TokenRequest) => {
    if (refreshToken !== null) return refreshToken === options.refreshToken;
    const [name = '', password] = Buffer.from(authorization?.slice('Basic '.length) ?? '', 'base64')
      .toString()
      .split(':');
    return options.users[name] !== undefined && options.users[name] === password;
  };
  const server = createServer(async (request, response) => {
    const asked = await read(request);
    requests.push(asked);
    const known = isKnown(asked);
    if (!known && (asked.authorization || asked.refreshToken !== null)) {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ details: 'incorrect username or password' }));
      return;
    }
    const access = asked.scopes.map((scope) => {
      const [type, name, actions = ''] = /^([^:]+):(.*):([^:]*)$/.exec(scope)?.slice(1) ?? [];
      const granted = actions.split(',').filter((action) => known || (options.anonymousPull && action === 'pull'));
      return { type, name, actions: granted };
    });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ token: signed(options, access), expires_in: options.lifetime ?? 300 }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    realm: `http://127.0.0.1:${port}/token`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
