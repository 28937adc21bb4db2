import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Digest } from '../../base/digest.ts';
import { diskFullOr } from '../../base/disk-full.ts';
import { EngineError, messageOf } from '../../base/errors.ts';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { Transport, TransportResponse } from '../../registry/transport/transport.ts';
import type { KeptFolder, KeptFolders } from './kept-folders.ts';
import { keyOf } from './step-keys.ts';

export interface DownloadRequest {
  address: string;
  /** What it has to be. */
  checksum?: Digest;
  signal: AbortSignal;
  /** Told the id of what is kept. */
  using(id: string): void;
}

export interface Downloaded {
  /** Holds the file and nothing else. */
  directory: string;
  /** The file's. */
  name: string;
  digest: Digest;
}

/** Files of web servers, for ADD; each is asked for again with what its server said of it the last time. */
export interface Downloads {
  /** @throws EngineError `invalid` (`build.download`); the signal's reason */
  fetch(request: DownloadRequest): Promise<Downloaded>;
}

export interface DownloadParts {
  dataRoot: string;
  kept: KeptFolders;
  transport: Transport;
}

const mostRedirects = 10;

/** The last part of an address; BuildKit's word where it has none. */
export function downloadName(address: string): string {
  const name = path.posix.basename(new URL(address).pathname);
  try {
    const decoded = decodeURIComponent(name);
    return /^\.{0,2}$|[/\0]/.test(decoded) ? '__unnamed__' : decoded;
  } catch {
    return name;
  }
}

export function createDownloads(parts: DownloadParts): Downloads {
  const lock = createKeyedLock();
  return {
    fetch: (request) => lock.run(request.address, () => fetchFile(parts, request)),
  };
}

async function fetchFile(parts: DownloadParts, request: DownloadRequest): Promise<Downloaded> {
  const { address, checksum, signal, using } = request;
  const known = knownOf(parts, address);
  const wanted = checksum && known.find(({ download }) => download?.digest === checksum);
  const take = (item: KeptFolder): Downloaded => {
    using(item.id);
    parts.kept.put(item);
    const digest = item.download?.digest as Digest;
    return { directory: directoryOf(parts, item.folder), name: downloadName(address), digest };
  };
  if (wanted) return take(wanted);
  const [latest] = known;
  if (latest) using(latest.id);
  try {
    const response = await ask(parts.transport, request, latest);
    if (response.status !== 304 || !latest) return await keep(parts, request, response);
    response.discard();
    if (checksum) throw mismatch(checksum, latest.download?.digest ?? '');
    return take(latest);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EngineError && error.reason === 'storage.disk-full') throw error;
    const params = { address: shown(address), detail: messageOf(error) };
    throw new EngineError('invalid', `failed to load ${params.address}: ${params.detail}`, {
      ...{ reason: 'build.download', params, cause: error },
    });
  }
}

const directoryOf = ({ dataRoot }: DownloadParts, folder: string) => path.join(dataRoot, 'build', folder);
/** An address may have a password in it. */
const hashOf = (address: string) => keyOf('address', address);

/** The last used first. */
const knownOf = (parts: DownloadParts, address: string): KeptFolder[] =>
  parts.kept
    .all()
    .filter(({ download, folder }) => download?.of === hashOf(address) && existsSync(directoryOf(parts, folder)));

const mismatch = (wanted: string, found: string) => new Error(`digest mismatch ${found}: ${wanted}`);

function shown(address: string): string {
  const url = new URL(address);
  if (url.password !== '') url.password = 'xxxxx';
  return url.href;
}

/** Follows redirects. */
async function ask(
  transport: Transport,
  { address, signal }: DownloadRequest,
  latest: KeptFolder | undefined,
): Promise<TransportResponse> {
  const { etag, lastModified } = latest?.download ?? {};
  const headers = {
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(lastModified !== undefined && { 'if-modified-since': lastModified }),
  };
  let url = new URL(address);
  for (let redirects = 0; ; redirects++) {
    const response = await transport.send({ method: 'GET', url, headers, insecure: false, signal });
    const { location } = response.headers;
    if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) {
      if (response.status === 200 || response.status === 304) return response;
      response.discard();
      throw new Error(`invalid response status ${response.status}`);
    }
    response.discard();
    if (redirects === mostRedirects) throw new Error(`stopped after ${mostRedirects} redirects`);
    url = new URL(location, url);
    if (!/^https?:$/.test(url.protocol)) throw new Error(`it leads to ${url.protocol}`);
  }
}

/** Reads an answer to its end; nothing stays of one that is cut off or has the wrong bytes. */
async function keep(
  parts: DownloadParts,
  { address, checksum, using }: DownloadRequest,
  response: TransportResponse,
): Promise<Downloaded> {
  const unfinished = directoryOf(parts, path.join('downloads', randomUUID()));
  const name = downloadName(address);
  const file = path.join(unfinished, name);
  const hash = createHash('sha256');
  const hashed = async function* () {
    for await (const piece of response.body) {
      hash.update(piece);
      yield piece;
    }
  };
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  try {
    await pipeline(hashed(), createWriteStream(file, { mode: 0o600 }));
    const digest: Digest = `sha256:${hash.digest('hex')}`;
    if (checksum && checksum !== digest) throw mismatch(checksum, digest);
    const { etag, 'last-modified': lastModified } = response.headers;
    const time = Date.parse(lastModified ?? '') || 0;
    await utimes(file, time / 1000, time / 1000);
    const id = keyOf('download', address, digest).slice(0, 25);
    const folder = path.posix.join('downloads', id);
    using(id);
    if (!existsSync(directoryOf(parts, folder))) await rename(unfinished, directoryOf(parts, folder));
    const download = { of: hashOf(address), digest, ...(etag && { etag }), ...(lastModified && { lastModified }) };
    parts.kept.put({ id, type: 'regular', description: `http url ${shown(address)}`, folder, download });
    return { directory: directoryOf(parts, folder), name, digest };
  } catch (error) {
    throw diskFullOr(error);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
