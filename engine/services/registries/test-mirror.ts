import { createHash } from 'node:crypto';
import type { Digest } from '../../base/digest.ts';
import { EngineError, toEngineError } from '../../base/errors.ts';
import { type Endpoint, endpointText, parseEndpoint } from '../../registry/endpoint.ts';
import { fetchBlob, headManifest, type RepositoryWork } from '../../registry/fetch.ts';
import { checkRegistry } from '../../registry/lists.ts';
import { endpointsOf, ruleOf } from '../../registry/mirrors/rules.ts';
import type { RegistryClient } from '../../registry/registry-client.ts';
import { answerFailure, loginMissing, RegistryFailure, statusFailure } from '../../registry/registry-failure.ts';
import type { TransportResponse } from '../../registry/transport/transport.ts';
import { createdAt, imageAt } from './image-at.ts';
import { type KnownImage, knownImages } from './known-images.ts';
import type { MirrorTest } from './mirror-test.ts';
import { anonymousClientOf, briskLimits, type RegistryParts } from './registry-parts.ts';
import type { MirrorQuestion } from './registry-service.ts';
import { type TlsFacts, tlsFacts } from './tls-facts.ts';

/** Milliseconds for all of it. */
const longestTest = 15_000;
/** A part of a blob tells the speed: so many bytes, or what comes in so many milliseconds. */
const mostBytes = 4 << 20;
const longestRead = 3000;
/** Milliseconds: a certificate that ends so soon is worth a warning. */
const soon = 14 * 86_400_000;

interface Desk extends RegistryParts {
  endpoint: Endpoint;
  text: string;
  prefix: string;
  signal: AbortSignal;
  /** Of a failed step; what ends all of it is thrown on. */
  told(error: unknown): { state: 'failed'; error: NonNullable<MirrorTest['reach']['error']> };
}

interface FoundImage extends KnownImage {
  digest: Digest;
  work: RepositoryWork;
}

/**
 * Looks at a mirror as a pull would use it, one step after the other. What it finds is remembered as the mirror's health.
 *
 * @throws EngineError `invalid` (`registry.address-*`), `cancelled` when its client left.
 */
export async function testMirror(
  parts: RegistryParts,
  { url, prefix }: MirrorQuestion,
  leaving: AbortSignal,
): Promise<MirrorTest> {
  const endpoint = parseEndpoint(url);
  const began = performance.now();
  const limit = AbortSignal.timeout(longestTest);
  const told = (error: unknown) => {
    if (leaving.aborted) throw new EngineError('cancelled', 'the client left', { cause: error });
    const late = () => answerFailure('stalled', endpoint.host, `not done within ${longestTest / 1000} s`, error);
    const { message, reason, params } = limit.aborted ? late() : toEngineError(error);
    return { state: 'failed' as const, error: { message, ...(reason && { reason }), params } };
  };
  const signal = AbortSignal.any([leaving, limit]);
  const desk: Desk = { ...parts, endpoint, text: endpointText(endpoint), prefix, signal, told };
  const reach = await tryReach(desk);
  const steps = reach.state === 'failed' ? {} : await trySteps(desk);
  return { url, took: Math.round(performance.now() - began), reach, ...steps };
}

async function trySteps(desk: Desk): Promise<Pick<MirrorTest, 'access' | 'speed' | 'freshness'>> {
  const { access, found } = await tryAccess(desk);
  if (!found) return { access };
  const [speed, freshness] = await Promise.all([trySpeed(desk, found), tryFreshness(desk, found)]);
  return { access, speed, freshness };
}

async function tryReach(desk: Desk): Promise<MirrorTest['reach']> {
  const { endpoint, book, told, signal } = desk;
  const { host } = endpoint;
  const began = performance.now();
  let facts: TlsFacts = {};
  const lookAtTls = async () => {
    facts = await tlsFacts(host, { proxies: book.proxiesFor(host), signal });
  };
  const tls = () => ({
    ...(facts.version && { tls: facts.version }),
    ...(facts.until !== undefined && { certificateUntil: facts.until }),
  });
  try {
    const response = await askApi(desk);
    const latency = Math.round(performance.now() - began);
    response.discard();
    if (response.url.protocol === 'https:') await lookAtTls();
    book.healthBook.answered(desk.text, latency);
    const { status } = response;
    const failure =
      status === 200 || status === 401 ? undefined : statusFailure({ kind: 'status', host, status }, 'its API (/v2/)');
    const endsSoon = facts.until !== undefined && facts.until < Date.now() + soon;
    const state = failure || endsSoon ? ('warning' as const) : ('fine' as const);
    return { ...(failure && told(failure)), state, latency, ...tls() };
  } catch (error) {
    if (error instanceof RegistryFailure) book.healthBook.failed(desk.text, error);
    if (error instanceof RegistryFailure && error.details.kind === 'tls') await lookAtTls();
    return { ...told(error), ...tls() };
  }
}

/** TLS first; plain HTTP only of a host that may be insecure, as everything here asks it. */
async function askApi({ endpoint, book, transport, signal }: Desk): Promise<TransportResponse> {
  const { host, scheme } = endpoint;
  const insecure = scheme === 'http' || (await book.insecure.includes(host));
  const send = (by: string) => {
    return transport.send({
      method: 'GET',
      url: new URL(`${by}://${host}/v2/`),
      insecure,
      limits: briskLimits,
      signal,
    });
  };
  try {
    return await send(scheme);
  } catch (error) {
    const isConnection = error instanceof RegistryFailure && /^(connect|tls)$/.test(error.details.kind);
    if (scheme === 'http' || !insecure || !isConnection) throw error;
    return send('http');
  }
}

/** Anonymous first, so that it is told whether a login is needed; then with the one of exactly this host. */
async function tryAccess(desk: Desk): Promise<{ access: NonNullable<MirrorTest['access']>; found?: FoundImage }> {
  const { endpoint, book, signal, told } = desk;
  const own = desk.registries.client();
  let client = anonymousClientOf(desk);
  let login: 'none-needed' | 'sent' | 'missing' = 'none-needed';
  /** Asks with the login where it is wanted and there. */
  const ask = async <T>(question: (client: RegistryClient) => Promise<T>): Promise<T> => {
    try {
      return await question(client);
    } catch (error) {
      const isWanted = error instanceof RegistryFailure && error.details.status === 401;
      if (!isWanted || login === 'sent') throw error;
      login = book.loginOf(endpoint.host) ? 'sent' : 'missing';
      if (login === 'missing') throw loginMissing(error);
      client = own;
      return question(client);
    }
  };
  try {
    const session = own.session(endpoint, briskLimits);
    let absent: unknown;
    const here = await desk.namesHere();
    for await (const image of knownImages({ prefix: desk.prefix, here, session, signal })) {
      try {
        return await ask(async (asking) => {
          const work = { session: asking.session(endpoint, briskLimits), path: image.path, signal };
          const { digest } = await headManifest(work, image.tag);
          return { access: { state: 'fine', login }, found: { ...image, digest, work } };
        });
      } catch (error) {
        if (!(error instanceof RegistryFailure) || error.details.status !== 404) throw error;
        absent ??= error;
      }
    }
    await ask((asking) => checkRegistry(asking.session({ ...endpoint, prefix: '' }, briskLimits), signal));
    return { access: absent ? { ...told(absent), state: 'warning', login } : { state: 'fine', login } };
  } catch (error) {
    return { access: { ...told(error), login } };
  }
}

async function trySpeed(desk: Desk, { work, digest }: FoundImage): Promise<NonNullable<MirrorTest['speed']>> {
  const { book, text, told } = desk;
  try {
    const { largest } = await imageAt(work, digest);
    if (!largest) return { state: 'warning' };
    const { bytes, milliseconds } = await readPart(work, largest.digest);
    book.healthBook.askedForBlob(text);
    book.healthBook.gave(text, bytes, milliseconds);
    const bytesPerSecond = Math.round((bytes * 1000) / Math.max(milliseconds, 1));
    const median = medianOfOthers(desk);
    const isSlow = bytesPerSecond < book.limits().floor || (median !== undefined && bytesPerSecond < median / 4);
    return { state: isSlow ? 'warning' : 'fine', bytesPerSecond, ...(median !== undefined && { median }) };
  } catch (error) {
    if (error instanceof RegistryFailure) book.healthBook.failed(text, error);
    return told(error);
  }
}

/** @throws RegistryFailure; `wrong` when the whole of it came and is not what its digest says. */
async function readPart(work: RepositoryWork, digest: Digest): Promise<{ bytes: number; milliseconds: number }> {
  const { body } = await fetchBlob(work, digest);
  const began = performance.now();
  let first: { bytes: number; at: number } | undefined;
  const hash = createHash('sha256');
  let bytes = 0;
  let whole = true;
  for await (const piece of body) {
    hash.update(piece);
    bytes += piece.length;
    first ??= { bytes, at: performance.now() };
    whole = bytes < mostBytes && performance.now() - began < longestRead;
    if (!whole) break;
  }
  // what lay ready at once tells nothing of the speed, where more came behind it
  const begin = first && bytes > first.bytes ? first : { bytes: 0, at: began };
  const milliseconds = performance.now() - begin.at;
  const measured = bytes - begin.bytes;
  const found = `sha256:${hash.digest('hex')}`;
  if (!whole || found === digest) return { bytes: measured, milliseconds };
  throw answerFailure('wrong', work.session.endpoint.host, `the blob ${digest} came with other bytes, of ${found}`);
}

/** Bytes per second of the rule's other mirrors, as they are remembered. */
function medianOfOthers({ book, prefix, text }: Desk): number | undefined {
  const rule = ruleOf(book.settings().rules, prefix);
  const speeds = (rule?.mirrors ?? [])
    .map(({ url }) => endpointText(parseEndpoint(url)))
    .filter((other) => other !== text)
    .flatMap((other) => book.healthBook.of(other)?.speed ?? [])
    .sort((a, b) => a - b);
  return speeds[Math.floor(speeds.length / 2)];
}

/** What the tag is here, and what it is at the registry itself. */
async function tryFreshness(desk: Desk, found: FoundImage): Promise<NonNullable<MirrorTest['freshness']>> {
  const { book, prefix, signal, told } = desk;
  const { path, tag, digest, work } = found;
  const [domain = ''] = prefix.split('/', 1);
  const image = `${domain}/${path}:${tag}`;
  const { upstream } = endpointsOf(book.settings(), book.fixed(), { domain, path });
  const there: RepositoryWork = { session: desk.registries.client().session(upstream, briskLimits), path, signal };
  try {
    const own = await headManifest(there, tag);
    if (own.digest === digest) return { state: 'fine', image, tag: 'same' };
    const [mirrorsTime, ownTime] = await Promise.all([createdAt(work, digest), createdAt(there, own.digest)]);
    const behind = mirrorsTime === undefined || ownTime === undefined ? undefined : ownTime - mirrorsTime;
    const isOlder = behind !== undefined && behind > 0;
    return { state: 'warning', image, tag: isOlder ? 'older' : 'different', ...(behind !== undefined && { behind }) };
  } catch (error) {
    return { ...told(error), state: 'warning', image, tag: 'unknown' };
  }
}
