import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import tar, { type Header } from 'tar-stream';

const repo = path.resolve(fileURLToPath(new URL('..', import.meta.url)));

/** Name of the image in the sample archive. */
export const sampleImage = 'beluga/welcome:latest';

/** Path of the sample image's archive: `npm test` names it, else it is made when it is missing. */
export function sampleArchive(): string {
  const made = process.env.BELUGA_SAMPLE_IMAGE;
  if (made) return made;
  return execFileSync(process.execPath, [path.join(repo, 'scripts/sample-image.mjs')], { encoding: 'utf8' }).trim();
}

/** One entry of an archive; `content` for files. */
export type Entry = Partial<Omit<Header, 'name'>> & { name: string } & { content?: string | Buffer };

/** An archive with these entries, in this order. */
export async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const pack = tar.pack();
  const done = buffer(pack);
  for (const { content, ...header } of entries) pack.entry(header, content ?? '');
  pack.finalize();
  return done;
}

/** Files of an archive by name. */
export async function filesOf(archive: NodeJS.ReadableStream): Promise<Map<string, Buffer>> {
  const extract = tar.extract();
  archive.pipe(extract);
  const files = new Map<string, Buffer>();
  for await (const entry of extract) files.set(entry.header.name, await buffer(entry));
  return files;
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

let layer: Promise<Buffer> | undefined;

async function readSampleLayer(): Promise<Buffer> {
  const files = await filesOf(createReadStream(sampleArchive()));
  const [manifest] = JSON.parse(String(files.get('manifest.json'))) as [{ Layers: [string] }];
  const bytes = files.get(manifest.Layers[0]);
  if (!bytes) throw new Error('the sample image has no layer');
  return bytes;
}

/** The sample image's only layer: busybox and its applets. */
export function sampleLayer(): Promise<Buffer> {
  layer ??= readSampleLayer();
  return layer;
}

export interface ImageParts {
  /** `name:tag`; left out: the image has no name. */
  name?: string;
  /** Uncompressed layer archives, bottom first. */
  layers: readonly Buffer[];
  /** The config's `config` object. */
  config?: Record<string, unknown>;
  /** The config's layer digests, where they shall not be those of the layers. */
  diffIds?: readonly string[];
}

const configOf = (parts: ImageParts) =>
  Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: '2020-02-02T02:02:02Z',
      config: parts.config ?? {},
      rootfs: { type: 'layers', diff_ids: parts.diffIds ?? parts.layers.map((bytes) => `sha256:${sha256(bytes)}`) },
      history: parts.layers.map(() => ({ created: '2020-02-02T02:02:02Z', created_by: 'test' })),
    }),
  );

/** As `docker save` wrote it before version 25: `manifest.json`, `<config>.json`, `<layer>/layer.tar`. */
export async function dockerArchive(parts: ImageParts): Promise<Buffer> {
  const config = configOf(parts);
  const names = parts.layers.map((bytes) => `${sha256(bytes)}/layer.tar`);
  const manifest = [{ Config: `${sha256(config)}.json`, RepoTags: parts.name ? [parts.name] : null, Layers: names }];
  return tarOf([
    { name: `${sha256(config)}.json`, content: config },
    ...parts.layers.map((bytes, index) => ({ name: names[index] ?? '', content: bytes })),
    { name: 'manifest.json', content: JSON.stringify(manifest) },
  ]);
}

/**
 * An OCI image layout (image-layout.md) without Docker's `manifest.json`.
 * `compress` is applied to each layer; `damage` may change a blob after its digest was taken.
 */
export async function ociArchive(
  parts: ImageParts,
  options: { compress?: (bytes: Buffer) => Buffer; damage?: (bytes: Buffer, role: string) => Buffer } = {},
): Promise<Buffer> {
  const entries: Entry[] = [];
  const add = (role: string, mediaType: string, bytes: Buffer) => {
    entries.push({ name: `blobs/sha256/${sha256(bytes)}`, content: options.damage?.(bytes, role) ?? bytes });
    return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length };
  };
  const compress = options.compress ?? ((bytes) => bytes);
  const suffix = options.compress ? '+gzip' : '';
  const layers = parts.layers.map((bytes) =>
    add('layer', `application/vnd.oci.image.layer.v1.tar${suffix}`, compress(bytes)),
  );
  const config = add('config', 'application/vnd.oci.image.config.v1+json', configOf(parts));
  const manifestType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = add(
    'manifest',
    manifestType,
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers })),
  );
  const annotations = parts.name ? { 'org.opencontainers.image.ref.name': parts.name } : {};
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  return tarOf([
    { name: 'oci-layout', content: JSON.stringify({ imageLayoutVersion: '1.0.0' }) },
    { name: 'index.json', content: JSON.stringify(index) },
    ...entries,
  ]);
}

/** An OCI layout of layers whose blobs are given as they are: compressed, or damaged. */
export async function blobArchive(parts: {
  name: string;
  layers: readonly { tar: Buffer; blob: { bytes: Buffer } }[];
}): Promise<Buffer> {
  const blobs = new Map(parts.layers.map(({ tar, blob }) => [tar, blob.bytes]));
  const compress = (tar: Buffer) => blobs.get(tar) ?? tar;
  return ociArchive({ name: parts.name, layers: parts.layers.map(({ tar }) => tar) }, { compress });
}
