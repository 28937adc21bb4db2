import type { Digest } from '../base/digest.ts';
import { pathAt, type RepositoryWork } from './fetch.ts';
import { answerFailure, RegistryFailure } from './registry-failure.ts';
import type { TransportResponse } from './transport/transport.ts';

/** A blob to be sent. */
export interface BlobSource {
  digest: Digest;
  /** Bytes. */
  size: number;
  /** `length` bytes from `offset`. */
  read(offset: number, length: number): AsyncIterable<Uint8Array>;
}

export interface UploadOptions {
  /** Bytes of one request. */
  chunk: number;
  onProgress?(sent: number): void;
}

const pushScope = (work: RepositoryWork) => [`repository:${pathAt(work)}:pull,push`];

/** Whether the repository has it (OCI distribution spec, "Checking if content exists"). @throws RegistryFailure. */
export async function hasBlob(work: RepositoryWork, digest: Digest): Promise<boolean> {
  const response = await work.session.ask({
    method: 'HEAD',
    target: `${pathAt(work)}/blobs/${digest}`,
    scopes: pushScope(work),
    accept: [200, 404],
    what: `the blob ${digest} of ${work.path}`,
    signal: work.signal,
  });
  response.discard();
  return response.status === 200;
}

/**
 * Takes a blob over from another repository of the same registry (OCI distribution spec, "Mounting a blob from another
 * repository"). Resolves to whether it is there now; when not, an upload was begun and is ended again.
 *
 * @throws RegistryFailure.
 */
export async function mountBlob(work: RepositoryWork, digest: Digest, from: string): Promise<boolean> {
  const query = new URLSearchParams({ mount: digest, from });
  const response = await work.session.ask({
    method: 'POST',
    target: `${pathAt(work)}/blobs/uploads/?${query}`,
    scopes: [...pushScope(work), `repository:${from}:pull`],
    headers: { 'content-length': '0' },
    accept: [201, 202],
    what: `the blob ${digest} out of ${from}`,
    signal: work.signal,
  });
  response.discard();
  if (response.status === 201) return true;
  await cancelUpload(work, locationOf(work, response));
  return false;
}

/** Sends a blob in pieces (OCI distribution spec, "Pushing a blob in chunks"). @throws RegistryFailure. */
export async function uploadBlob(work: RepositoryWork, blob: BlobSource, options: UploadOptions): Promise<void> {
  const what = `the blob ${blob.digest} of ${work.path}`;
  const common = { scopes: pushScope(work), what, signal: work.signal };
  const begun = await work.session.ask({
    ...common,
    method: 'POST',
    target: `${pathAt(work)}/blobs/uploads/`,
    headers: { 'content-length': '0' },
    accept: [202],
  });
  begun.discard();
  let location = locationOf(work, begun);
  try {
    for (let offset = 0; offset < blob.size; ) {
      const length = Math.min(longestChunk(begun, options.chunk), blob.size - offset);
      const begin = offset;
      const taken = await work.session.ask({
        ...common,
        method: 'PATCH',
        target: location,
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': String(length),
          'content-range': `${begin}-${begin + length - 1}`,
        },
        body: () => counted(blob.read(begin, length), (sent) => options.onProgress?.(begin + sent)),
        accept: [202, 201, 204],
      });
      taken.discard();
      location = locationOf(work, taken);
      offset += length;
    }
    const end = new URL(location);
    end.searchParams.set('digest', blob.digest);
    const done = await work.session.ask({
      ...common,
      method: 'PUT',
      target: end,
      headers: { 'content-length': '0' },
      accept: [201, 204],
    });
    done.discard();
  } catch (error) {
    await cancelUpload(work, location);
    throw error;
  }
}

/** A registry may ask for larger pieces (OCI-Chunk-Min-Length). */
function longestChunk(response: TransportResponse, wanted: number): number {
  const least = Number(response.headers['oci-chunk-min-length'] ?? 0);
  return Math.max(wanted, Number.isFinite(least) ? least : 0);
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onSent: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const piece of source) {
    yield piece;
    sent += piece.length;
    onSent(sent);
  }
}

function locationOf(work: RepositoryWork, response: TransportResponse): URL {
  const url = URL.parse(response.headers.location ?? '', response.url.href);
  if (url) return url;
  throw answerFailure('wrong', work.session.endpoint.host, 'it named no place for the upload');
}

/** So that nothing half-sent lies there; what cannot be cancelled the registry drops by itself. */
async function cancelUpload(work: RepositoryWork, location: URL): Promise<void> {
  try {
    const response = await work.session.ask({
      method: 'DELETE',
      target: location,
      scopes: pushScope(work),
      accept: [200, 202, 204, 404, 405],
      what: 'the upload',
      // also after the work was cancelled
      signal: AbortSignal.timeout(5000),
    });
    response.discard();
  } catch (error) {
    if (!(error instanceof RegistryFailure) && !(error instanceof DOMException)) throw error;
  }
}

/** Publishes a manifest under a tag or its digest (OCI distribution spec, "Pushing Manifests"). @throws RegistryFailure. */
export async function putManifest(
  work: RepositoryWork,
  reference: string,
  manifest: { mediaType: string; bytes: Uint8Array },
): Promise<void> {
  const response = await work.session.ask({
    method: 'PUT',
    target: `${pathAt(work)}/manifests/${reference}`,
    scopes: pushScope(work),
    headers: { 'content-type': manifest.mediaType, 'content-length': String(manifest.bytes.length) },
    body: () => manifest.bytes,
    accept: [201],
    what: `the manifest ${reference} of ${work.path}`,
    signal: work.signal,
  });
  response.discard();
}
