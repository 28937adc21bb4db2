import type { Authorizer } from './auth/authorizer.ts';
import type { Endpoint } from './endpoint.ts';
import type { InsecureHosts } from './insecure-hosts.ts';
import { readError } from './registry-error.ts';
import { answerFailure, RegistryFailure, statusFailure } from './registry-failure.ts';
import { readShort } from './transport/response-body.ts';
import type { Transport, TransportLimits, TransportRequest, TransportResponse } from './transport/transport.ts';

export interface Question {
  method: TransportRequest['method'];
  /** Below `/v2/`, or an address that the registry gave itself. */
  target: string | URL;
  scopes: readonly string[];
  headers?: Readonly<Record<string, string>>;
  /** Made anew for each try. */
  body?: () => TransportRequest['body'];
  /** Statuses that are no failure. */
  accept: readonly number[];
  /** For the message of a failure: `the manifest latest of library/busybox`. */
  what: string;
  signal: AbortSignal;
}

/** Talks to one endpoint: scheme, login, redirects, failures. */
export interface RegistrySession {
  readonly endpoint: Endpoint;
  /** @throws RegistryFailure; the signal's reason. */
  ask(question: Question): Promise<TransportResponse>;
}

export interface SessionParts {
  transport: Transport;
  authorizer: Authorizer;
  insecure: InsecureHosts;
  limits?: Partial<TransportLimits>;
}

const mostRedirects = 5;
const longestError = 64 << 10;

export function createRegistrySession(endpoint: Endpoint, parts: SessionParts): RegistrySession {
  const { authorizer, limits } = parts;
  let scheme: 'https' | 'http' | undefined = endpoint.scheme === 'http' ? 'http' : undefined;

  const urlOf = (target: string | URL, by: 'https' | 'http') =>
    target instanceof URL ? target : new URL(`/v2/${target}`, `${by}://${endpoint.host}`);

  const sendOnce = async (question: Question, by: 'https' | 'http', insecure: boolean): Promise<TransportResponse> => {
    const url = urlOf(question.target, by);
    const isOwn = url.host === endpoint.host;
    const purpose = { host: endpoint.host, scopes: question.scopes, insecure };
    for (let isLast = false; ; isLast = true) {
      // an address of another host, as of an upload to a store, carries its own permission
      const authorization = isOwn ? await authorizer.headerFor(purpose, question.signal) : undefined;
      const response = await followRedirects(parts, {
        method: question.method,
        url,
        headers: { ...question.headers, ...(authorization && { authorization }) },
        ...(question.body && { body: question.body() }),
        insecure,
        ...(limits && { limits }),
        signal: question.signal,
      });
      const mayAgain = response.status === 401 && response.url.host === endpoint.host && !isLast;
      if (!mayAgain || !authorizer.takeChallenge(purpose, response.headers['www-authenticate'])) return response;
      response.discard();
    }
  };
  /** TLS first; plain HTTP only of a host that may be insecure, as dockerd tries it. */
  const send = async (question: Question): Promise<TransportResponse> => {
    const insecure = await parts.insecure.includes(endpoint.host);
    if (scheme) return sendOnce(question, scheme, insecure || scheme === 'http');
    try {
      const response = await sendOnce(question, 'https', insecure);
      scheme = 'https';
      return response;
    } catch (error) {
      const isConnection = error instanceof RegistryFailure && /^(connect|tls)$/.test(error.details.kind);
      if (!insecure || !isConnection || error.details.host !== endpoint.host) throw error;
      const response = await sendOnce(question, 'http', true);
      scheme = 'http';
      return response;
    }
  };
  return {
    endpoint,
    async ask(question) {
      const response = await send(question);
      if (question.accept.includes(response.status)) return response;
      throw await failureOf(response, endpoint, question.what);
    },
  };
}

async function failureOf(response: TransportResponse, endpoint: Endpoint, what: string): Promise<RegistryFailure> {
  // the answer's words are a help only: without them the status stands
  const { bytes } = await readShort(response.body, longestError).catch(() => ({ bytes: Buffer.alloc(0) }));
  const retryAfter = retryAfterOf(response.headers['retry-after']);
  const details = {
    kind: 'status' as const,
    host: endpoint.host,
    status: response.status,
    ...readError(bytes),
    ...(retryAfter !== undefined && { retryAfter }),
  };
  return statusFailure(details, what);
}

/** Seconds or a date (RFC 9110, section 10.2.3), as milliseconds from now. */
export function retryAfterOf(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status);

/** To another host goes no login; from TLS to plain HTTP nothing goes. */
async function followRedirects(
  { transport, insecure }: SessionParts,
  request: TransportRequest,
): Promise<TransportResponse> {
  let current = request;
  for (let hops = 0; ; hops++) {
    const response = await transport.send(current);
    const location = response.headers.location;
    const mayFollow = request.method === 'GET' || request.method === 'HEAD';
    if (!mayFollow || !isRedirect(response.status) || !location) return response;
    response.discard();
    const { host } = request.url;
    const next = URL.parse(location, current.url.href);
    const isWeb = next?.protocol === 'https:' || next?.protocol === 'http:';
    if (!next || !isWeb) throw answerFailure('wrong', host, 'it redirects to what is no address');
    if (hops === mostRedirects) throw answerFailure('wrong', host, `it redirects more than ${mostRedirects} times`);
    const isSame = next.host === current.url.host;
    const mayBePlain = isSame ? current.insecure : await insecure.includes(next.host);
    if (next.protocol === 'http:' && current.url.protocol === 'https:' && !mayBePlain) {
      throw answerFailure('wrong', host, `it redirects from TLS to plain HTTP (${next.host})`);
    }
    const { authorization: _, ...others } = current.headers ?? {};
    current = { ...current, url: next, headers: isSame ? (current.headers ?? {}) : others, insecure: mayBePlain };
  }
}
