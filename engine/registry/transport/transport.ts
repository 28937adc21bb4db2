import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import { answerFailure, connectionFailure, RegistryFailure } from '../registry-failure.ts';
import { type HostCertificates, readHostCertificates, systemCertificates } from './certificates.ts';
import { readBody } from './response-body.ts';

/** Milliseconds. */
export interface TransportLimits {
  /** Until the connection stands, TLS included. */
  connect: number;
  /** From there until the answer begins. */
  answer: number;
  /** Between two pieces of an answer that its reader waits for. */
  stall: number;
}

export const defaultLimits: TransportLimits = { connect: 10_000, answer: 30_000, stall: 30_000 };

export interface TransportRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  url: URL;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Do not verify the certificate. */
  insecure: boolean;
  limits?: Partial<TransportLimits>;
  signal: AbortSignal;
}

export interface TransportResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** Where it came from. */
  url: URL;
  /** Read to its end or left: leaving the loop closes the connection. @throws RegistryFailure `cut`, `stalled`. */
  body: AsyncIterable<Buffer>;
  /** For an answer whose body nobody wants. */
  discard(): void;
}

/** One HTTP exchange after another, with the proxies and certificates of this computer; knows no registry. */
export interface Transport {
  /** Resolves when the answer begins, whatever its status. @throws RegistryFailure `connect`, `tls`, `stalled`; the signal's reason. */
  send(request: TransportRequest): Promise<TransportResponse>;
  close(): void;
}

export interface TransportOptions {
  /** `certs.d` folders, first first. */
  certificateFolders: readonly string[];
  /** `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, in capital or small letters, for requests to this host. Asked each time. */
  proxiesFor(host: string): Readonly<Record<string, string | undefined>>;
  /** Certificates (PEM) that are trusted of this host beside those of the folders and the system. Asked each time. */
  trustedFor?(host: string): readonly string[];
  limits?: Partial<TransportLimits>;
  userAgent: string;
}

export function createTransport(options: TransportOptions): Transport {
  const agents = new Map<string, HttpAgent | HttpsAgent>();
  const common = { keepAlive: true, keepAliveMsecs: 1000, scheduling: 'lifo' as const };
  const remember = <A extends HttpAgent | HttpsAgent>(key: string, make: () => A): A => {
    const agent = (agents.get(key) as A | undefined) ?? make();
    agents.set(key, agent);
    return agent;
  };
  const plainAgent = (proxyEnv: NodeJS.ProcessEnv) =>
    remember(JSON.stringify(['http', proxyEnv]), () => new HttpAgent({ ...common, proxyEnv }));
  const secureAgent = (certificates: HostCertificates, insecure: boolean, proxyEnv: NodeJS.ProcessEnv) =>
    // by content: files and settings that changed make a new one
    remember(JSON.stringify([certificates, insecure, proxyEnv]), () => {
      const { ca, cert, key } = certificates;
      return new HttpsAgent({
        ...common,
        proxyEnv,
        rejectUnauthorized: !insecure,
        ca: [...systemCertificates(), ...ca],
        ...(cert && { cert }),
        ...(key && { key }),
      });
    });
  const begin = async ({ url, method, headers, insecure }: TransportRequest): Promise<ClientRequest> => {
    const settings = { method, headers: { 'user-agent': options.userAgent, ...headers } };
    const proxies = { ...options.proxiesFor(url.host) };
    if (url.protocol === 'http:') return httpRequest(url, { ...settings, agent: plainAgent(proxies) });
    const found = await readHostCertificates(options.certificateFolders, url.host);
    const certificates = { ...found, ca: [...found.ca, ...(options.trustedFor?.(url.host) ?? [])] };
    return httpsRequest(url, { ...settings, agent: secureAgent(certificates, insecure, proxies) });
  };
  return {
    async send(request) {
      request.signal.throwIfAborted();
      const limits = { ...defaultLimits, ...options.limits, ...request.limits };
      const sent = await begin(request);
      const response = await exchange(sent, request, limits);
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        url: request.url,
        body: readBody(response, { host: request.url.host, stall: limits.stall, signal: request.signal }),
        discard: () => discard(response, request.method),
      };
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

/** Whether it is connected, TLS included: one that is used again, or that came through a proxy. */
const isReady = (socket: Socket) =>
  socket instanceof TLSSocket ? socket.getFinished() !== undefined : !socket.connecting;

/** Bytes that are sooner read than a new connection stands. */
const soonRead = 64 << 10;

/** A short rest is read, so that the connection can be used again; a long one is not wanted. */
function discard(response: IncomingMessage, method: TransportRequest['method']): void {
  const length = Number(response.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  if (length > soonRead && method !== 'HEAD') response.destroy();
  else response.resume();
}

/** Sends it and waits for the beginning of the answer. */
function exchange(sent: ClientRequest, request: TransportRequest, limits: TransportLimits): Promise<IncomingMessage> {
  const { host } = request.url;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const limit = (milliseconds: number, failure: () => RegistryFailure) => {
      clearTimeout(timer);
      timer = setTimeout(() => sent.destroy(failure()), milliseconds);
    };
    const cancel = () => sent.destroy(request.signal.reason);
    const settle = () => {
      clearTimeout(timer);
      request.signal.removeEventListener('abort', cancel);
    };
    request.signal.addEventListener('abort', cancel, { once: true });
    const waitForAnswer = () =>
      limit(limits.answer, () => answerFailure('stalled', host, `no answer within ${limits.answer / 1000} s`));
    limit(limits.connect, () => connectionFailure(host, new Error(`no connection within ${limits.connect / 1000} s`)));
    sent.once('socket', (socket) => {
      if (isReady(socket)) waitForAnswer();
      else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', waitForAnswer);
    });
    sent.once('response', (response) => {
      settle();
      resolve(response);
    });
    sent.once('error', (error) => {
      settle();
      if (request.signal.aborted) reject(request.signal.reason);
      else reject(error instanceof RegistryFailure ? error : connectionFailure(host, error));
    });
    writeBody(sent, request.body, waitForAnswer);
  });
}

/** While a body goes out, the wait for the answer begins anew with each piece. */
function writeBody(sent: ClientRequest, body: TransportRequest['body'], onPiece: () => void): void {
  if (body === undefined || body instanceof Uint8Array) {
    sent.end(body);
    return;
  }
  const counted = async function* () {
    for await (const piece of body) {
      onPiece();
      yield piece;
    }
  };
  // its failure comes as the request's error
  pipeline(Readable.from(counted()), sent).catch((error) => sent.destroy(error));
}
