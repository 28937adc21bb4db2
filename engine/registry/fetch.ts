import { createHash } from 'node:crypto';
import { type Digest, isDigest } from '../base/digest.ts';
import { EngineError } from '../base/errors.ts';
import { answerFailure } from './registry-failure.ts';
import type { RegistrySession } from './registry-session.ts';
import { readShort } from './transport/response-body.ts';

/** A manifest or index as the registry has it. */
export interface FetchedManifest {
  /** Of the bytes, computed here. */
  digest: Digest;
  mediaType: string;
  bytes: Buffer;
}

export interface ManifestHead {
  digest: Digest;
  mediaType: string;
  /** Bytes. */
  size: number;
}

/** A repository at an endpoint; `prefix` of the endpoint goes before it. */
export interface RepositoryWork {
  session: RegistrySession;
  /** `library/busybox`. */
  path: string;
  signal: AbortSignal;
}

/** Of one manifest (OCI distribution spec, "Pushing Manifests" asks for 4 MiB at least). */
const longestManifest = 4 << 20;

/** In the order of preference; schema 1 is asked for so that it can be refused by name. */
const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.1',
].join(', ');

/** The repository's full path at this endpoint. */
export const pathAt = ({ session, path }: RepositoryWork) =>
  session.endpoint.prefix ? `${session.endpoint.prefix}/${path}` : path;

export const pullScope = (work: RepositoryWork) => [`repository:${pathAt(work)}:pull`];

/**
 * A manifest by tag or digest (OCI distribution spec, "Pulling manifests").
 *
 * @throws RegistryFailure; `wrong` when the bytes are not those of the digest asked for. EngineError `invalid`
 * (`image.schema-1`).
 */
export async function fetchManifest(work: RepositoryWork, reference: string): Promise<FetchedManifest> {
  const { host } = work.session.endpoint;
  const what = `the manifest ${reference} of ${work.path}`;
  const response = await work.session.ask({
    method: 'GET',
    target: `${pathAt(work)}/manifests/${reference}`,
    scopes: pullScope(work),
    headers: { accept: manifestTypes },
    accept: [200],
    what,
    signal: work.signal,
  });
  const { bytes, whole } = await readShort(response.body, longestManifest);
  if (!whole) throw answerFailure('wrong', host, `${what} has more than ${longestManifest} bytes`);
  const mediaType = mediaTypeOf(response.headers['content-type'], bytes);
  if (/distribution\.manifest\.v1\+/.test(mediaType)) throw schemaOne(work.path);
  const digest = digestOf(bytes);
  if (isDigest(reference) && reference !== digest) {
    throw answerFailure('wrong', host, `${what} came with other bytes, of ${digest}`);
  }
  return { digest, mediaType, bytes };
}

/** Only what it is, without its bytes. @throws RegistryFailure. */
export async function headManifest(work: RepositoryWork, reference: string): Promise<ManifestHead> {
  const response = await work.session.ask({
    method: 'HEAD',
    target: `${pathAt(work)}/manifests/${reference}`,
    scopes: pullScope(work),
    headers: { accept: manifestTypes },
    accept: [200],
    what: `the manifest ${reference} of ${work.path}`,
    signal: work.signal,
  });
  response.discard();
  const digest = response.headers['docker-content-digest'];
  const size = Number(response.headers['content-length']);
  // the specification does not promise it of every registry
  if (typeof digest !== 'string' || !isDigest(digest)) {
    const { bytes, ...found } = await fetchManifest(work, reference);
    return { ...found, size: bytes.length };
  }
  return { digest, size, mediaType: mediaTypeOf(response.headers['content-type'], Buffer.alloc(0)) };
}

/** The header's, or what the document says of itself: some registries send application/json. */
function mediaTypeOf(header: string | undefined, bytes: Buffer): string {
  const sent = header?.split(';')[0]?.trim() ?? '';
  if (/^application\/vnd\./.test(sent)) return sent;
  try {
    const { mediaType, schemaVersion } = JSON.parse(bytes.toString('utf8'));
    if (schemaVersion === 1) return 'application/vnd.docker.distribution.manifest.v1+json';
    return typeof mediaType === 'string' ? mediaType : sent;
  } catch {
    return sent;
  }
}

function schemaOne(path: string): EngineError {
  return new EngineError(
    'invalid',
    `${path} is stored as Docker image manifest version 2, schema 1, which is no longer supported: ask its owner to push it again with a current Docker`,
    { reason: 'image.schema-1', params: { image: path } },
  );
}

/** Of one config. */
const longestConfig = 16 << 20;

/** A config as a whole, verified. @throws RegistryFailure; `wrong` when the bytes are not those of the digest. */
export async function fetchConfig(work: RepositoryWork, digest: Digest): Promise<Buffer> {
  const { body } = await fetchBlob(work, digest);
  const { bytes } = await readShort(body, longestConfig);
  const found = digestOf(bytes);
  if (found === digest) return bytes;
  throw answerFailure(
    'wrong',
    work.session.endpoint.host,
    `digest mismatch: expected the config ${digest}, got ${found}`,
  );
}

const digestOf = (bytes: Buffer): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A blob's bytes from `offset` on. */
export interface BlobBytes {
  /** Where they begin: 0 when the registry does not do ranges. */
  offset: number;
  /** Not yet verified: that is the reader's. @throws RegistryFailure `cut`, `stalled`. */
  body: AsyncIterable<Buffer>;
  /** For who does not read it. */
  close(): void;
}

/**
 * A blob, or its rest (OCI distribution spec, "Pulling blobs"; RFC 9110, section 14).
 *
 * @throws RegistryFailure.
 */
export async function fetchBlob(work: RepositoryWork, digest: Digest, offset = 0): Promise<BlobBytes> {
  const response = await work.session.ask({
    method: 'GET',
    target: `${pathAt(work)}/blobs/${digest}`,
    scopes: pullScope(work),
    // without it a proxy may pack what is packed already, and lengths lose their meaning
    headers: { 'accept-encoding': 'identity', ...(offset > 0 && { range: `bytes=${offset}-` }) },
    accept: [200, 206],
    what: `the blob ${digest} of ${work.path}`,
    signal: work.signal,
  });
  if (response.status === 200) return { offset: 0, body: response.body, close: response.discard };
  const begins = Number(/^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1]);
  if (begins === offset) return { offset, body: response.body, close: response.discard };
  response.discard();
  throw answerFailure(
    'wrong',
    work.session.endpoint.host,
    `${digest} was asked for from byte ${offset}, and it sent others`,
  );
}
