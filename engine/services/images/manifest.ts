import { type Digest, isDigest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import { isSameMachine, type Platform } from '../../registry/platform.ts';

/** OCI image spec: descriptor.md, manifest.md, image-index.md; Docker's schema 2 has the same shapes. */

export interface Descriptor {
  mediaType: string;
  digest: Digest;
  /** Bytes. */
  size: number;
  platform?: Platform;
  annotations: Readonly<Record<string, string>>;
}

export interface Manifest {
  kind: 'manifest';
  config: Descriptor;
  layers: readonly Descriptor[];
}

export interface Index {
  kind: 'index';
  manifests: readonly Descriptor[];
}

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
} as const;

type Json = Readonly<Record<string, unknown>>;

/** @throws EngineError `invalid` with reason `image.not-an-image`. */
export function notAnImage(detail: string, cause?: unknown): EngineError {
  return new EngineError('invalid', `invalid archive: ${detail}`, { reason: 'image.not-an-image', cause });
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON of an archive or blob named `what`. @throws EngineError `image.not-an-image`. */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw notAnImage(`${what} is not JSON`, cause);
  }
}

/** A manifest or an index, told apart by what they hold. @throws EngineError `image.not-an-image`. */
export function parseManifest(value: unknown, what: string): Manifest | Index {
  if (!isObject(value) || value.schemaVersion !== 2) throw notAnImage(`${what} is not a manifest of schema version 2`);
  if (Array.isArray(value.manifests)) {
    return { kind: 'index', manifests: value.manifests.map((entry) => parseDescriptor(entry, what)) };
  }
  if (!Array.isArray(value.layers)) throw notAnImage(`${what} has neither layers nor manifests`);
  return {
    kind: 'manifest',
    config: parseDescriptor(value.config, what),
    layers: value.layers.map((entry) => parseDescriptor(entry, what)),
  };
}

function parseDescriptor(value: unknown, what: string): Descriptor {
  if (!isObject(value)) throw notAnImage(`${what} has a descriptor that is not an object`);
  const { mediaType, digest, size, platform } = value;
  if (typeof digest !== 'string' || !isDigest(digest)) throw notAnImage(`${what} has a digest that is not sha256`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw notAnImage(`${what} has a size that is no number`);
  return {
    mediaType: typeof mediaType === 'string' ? mediaType : '',
    digest,
    size,
    annotations: textsOf(value.annotations),
    ...(isObject(platform) && { platform: platformOf(platform) }),
  };
}

function platformOf(value: Json): Platform {
  const { architecture, os, variant } = value;
  return {
    architecture: typeof architecture === 'string' ? architecture : '',
    os: typeof os === 'string' ? os : '',
    ...(typeof variant === 'string' && variant !== '' && { variant }),
  };
}

/** The text values of a map; anything else in it is left out. */
export function textsOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** The beginning of a digest, as Docker's progress lines name a layer. */
export const shortId = (digest: Digest) => digest.slice('sha256:'.length, 'sha256:'.length + 12);

/** BuildKit's provenance and the like: no image. */
export function isAttestation({ platform, annotations }: Descriptor): boolean {
  if (annotations['vnd.docker.reference.type'] === 'attestation-manifest') return true;
  return platform?.os === 'unknown' && platform.architecture === 'unknown';
}

/** Whether containers of `image` run on `host`; a missing variant fits all. */
export function platformFits(image: Platform, host: Platform): boolean {
  if (!isSameMachine(image, host)) return false;
  return !image.variant || !host.variant || image.variant === host.variant;
}
