import { createHash, randomBytes } from 'node:crypto';
import type { Digest } from '../../engine/base/digest.ts';
import type { Credentials } from '../../engine/registry/auth/credentials.ts';
import { parseEndpoint } from '../../engine/registry/endpoint.ts';
import type { RepositoryWork } from '../../engine/registry/fetch.ts';
import { createInsecureHosts } from '../../engine/registry/insecure-hosts.ts';
import { type BlobSource, putManifest, uploadBlob } from '../../engine/registry/push.ts';
import { createRegistryClient } from '../../engine/registry/registry-client.ts';
import { createTransport, type TransportLimits } from '../../engine/registry/transport/transport.ts';

export interface ClientOptions {
  address: string;
  path?: string;
  logins?: Readonly<Record<string, Credentials>>;
  certificateFolders?: readonly string[];
  insecure?: readonly string[];
  proxies?: Readonly<Record<string, string>>;
  limits?: Partial<TransportLimits>;
  signal?: AbortSignal;
}

/** Our client at one registry; closed with the scope. */
export interface ClientScene extends Disposable {
  work: RepositoryWork;
  at(path: string): RepositoryWork;
}

export function openClient(options: ClientOptions): ClientScene {
  const transport = createTransport({
    certificateFolders: options.certificateFolders ?? [],
    proxiesFor: () => options.proxies ?? {},
    userAgent: 'beluga-test',
    ...(options.limits && { limits: options.limits }),
  });
  const client = createRegistryClient({
    transport,
    insecure: createInsecureHosts(options.insecure ?? []),
    credentials: { credentialsFor: async (host) => options.logins?.[host] },
  });
  const session = client.session(parseEndpoint(options.address));
  const signal = options.signal ?? new AbortController().signal;
  const at = (path: string): RepositoryWork => ({ session, path, signal });
  return { at, work: at(options.path ?? 'team/app'), [Symbol.dispose]: () => transport.close() };
}

export const digestOf = (bytes: Uint8Array): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export function blobOf(bytes: Buffer): BlobSource {
  async function* read(offset: number, length: number) {
    for (let at = offset; at < offset + length; at += 65_536) {
      yield bytes.subarray(at, Math.min(at + 65_536, offset + length));
    }
  }
  return { digest: digestOf(bytes), size: bytes.length, read };
}

export async function bytesOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Sends a small image with one layer of random bytes; its manifest. */
export async function pushSmallImage(work: RepositoryWork, tag: string, layerBytes = 200_000) {
  const layer = randomBytes(layerBytes);
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { diff_ids: [] } }));
  for (const bytes of [layer, config]) await uploadBlob(work, blobOf(bytes), { chunk: 65_536 });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const descriptor = (type: string, bytes: Buffer) => ({
    mediaType: `application/vnd.oci.image.${type}`,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: descriptor('config.v1+json', config),
      layers: [descriptor('layer.v1.tar', layer)],
    }),
  );
  await putManifest(work, tag, { mediaType, bytes: manifest });
  return { manifest, digest: digestOf(manifest), layer, mediaType };
}
