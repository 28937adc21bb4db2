import type { Readable } from 'node:stream';
import type { Channel } from '../../base/channel.ts';
import type { Digest } from '../../base/digest.ts';
import type { ImageConfig } from '../../dockerfile/image-config.ts';
import type { TagSource } from '../../registry/mirrors/repository-sources.ts';
import type { SourceNote } from '../../registry/mirrors/source.ts';
import type { Lease, Leases } from '../../storage/collect/leases.ts';
import type { RegistryLogin } from '../registries/registry-service.ts';

export type { ImageConfig };

export interface ImageDetails {
  /** Digest of the config. */
  id: Digest;
  /** `repository:tag`, familiar form (docker.io/library is left out). */
  repoTags: readonly string[];
  /** Of these a mirror said what they mean, and the registry itself did not confirm it. */
  unverifiedTags: readonly string[];
  /** `repository@digest` of the index or manifest. */
  repoDigests: readonly string[];
  parent?: Digest;
  comment: string;
  author: string;
  /** RFC 3339, as in the config; undefined when unknown. */
  created?: string;
  architecture: string;
  variant?: string;
  os: string;
  /** Bytes of all unpacked layers. */
  size: number;
  config: ImageConfig;
  /** Uncompressed layer digests, bottom first. */
  diffIds: readonly Digest[];
  /** Key of the committed snapshot on top, for `Snapshotter.prepare`; undefined for an image without layers. */
  topSnapshot?: string;
  history: readonly { created?: string; createdBy?: string; comment?: string; emptyLayer?: boolean; size: number }[];
  lastTagged?: Date;
}

export interface RemovedImage {
  untagged?: string;
  deleted?: string;
}

/** `status` lines for people; `loaded` names each image that is there now (reference or id). */
export type LoadMessage = { status: string; current?: number; total?: number; id?: string } | { loaded: string };

/** Where a layer of a pull stands. */
export type LayerProgress =
  | { state: 'waiting' | 'downloaded' | 'there' | 'done' }
  /** Bytes; `kept` of an earlier try. */
  | {
      state: 'downloading';
      current: number;
      total: number;
      kept: number;
      servedBy: readonly { endpoint: string; bytes: number }[];
    };

/** `status` lines for people, and what there is to tell of layers, endpoints and the end. */
export type PullMessage =
  | { status: string; id?: string }
  | { layer: Digest; progress: LayerProgress }
  | { note: SourceNote }
  /** What the name means, and what has to be there for it. */
  | { plan: { digest: Digest; layers: readonly { digest: Digest; size: number }[]; tagFrom?: TagSource } }
  | { pulled: { imageId: Digest } };

export interface PullRequest {
  /** Without tag and digest: `latest`, unless all tags are asked for. */
  reference: string;
  allTags?: boolean;
  /** `os/architecture/variant`; this machine's when absent. */
  platform?: string;
  /** For the registry of the reference, and nowhere else. */
  login?: RegistryLogin;
  /** Whether it goes on without whoever asked for it; `client` when absent. */
  owner?: 'client' | 'engine';
  /** Under which the transfers list it; a new one when absent. */
  transfer?: string;
}

/** An image as its registry has it. */
export interface LookedUpImage {
  /** Of the index or manifest that the name means. */
  digest: Digest;
  mediaType: string;
  /** Bytes of that document. */
  size: number;
  platforms: readonly { os: string; architecture: string; variant?: string }[];
}

/** `status` lines for people; `layer` is the beginning of a digest; `pushed` names what is there now. */
export type PushMessage =
  | { status: string }
  | { layer: string; progress: PushProgress }
  | { pushed: { tag: string; digest: Digest; size: number } };

export type PushProgress =
  | { state: 'preparing' | 'there' | 'done' }
  | { state: 'mounted'; from: string }
  /** Bytes. */
  | { state: 'pushing'; current: number; total: number };

export interface ImportRequest {
  tar: Readable;
  reference?: string;
  message?: string;
  /** Dockerfile instructions, as `docker import --change` takes them. */
  changes?: readonly string[];
  platform?: string;
}

/** What a container has made of an image. */
export interface CommitImage {
  parent: Digest;
  /** What the container was made with. */
  container: ImageConfig;
  /** Goes before that, where it is given. */
  given: Partial<ImageConfig> | undefined;
  /** Dockerfile instructions, as `docker commit --change` takes them; they go before everything. */
  changes: readonly string[];
  /** Of the container. */
  command: readonly string[];
  author?: string;
  comment?: string;
  /** `name` or `name:tag`. */
  reference?: string;
  /** Writes the new layer, a plain tar, to a file that is there; undefined where nothing has changed. */
  pack(file: string): Promise<{ digest: Digest; size: number } | undefined>;
  /** Tells of the image in the transaction that makes it; `reference` in its familiar form. */
  made(id: Digest, reference: string): void;
}

export interface SaveImages {
  /** Each an id or a beginning of one, a reference, or a repository: then all its tags. */
  names: readonly string[];
  /** `os/architecture/variant` that all of them must have. */
  platform?: string;
}

/** Which images a prune takes, of those that no container was made from. */
export interface PruneImages {
  /** Also those that have tags. */
  tagged: boolean;
  createdUntil?: Date;
  /** All of them, by key or with their value. */
  labels?: readonly LabelMatch[];
  /** Not those that have all of these. */
  withoutLabels?: readonly LabelMatch[];
}

export interface LabelMatch {
  key: string;
  value?: string;
}

export interface ImageSpace {
  /**
   * As Docker counts: what files hold, a layer once however many images have it (by chain id). Bytes of all layers, and of
   * those of each image that others have too.
   */
  layers(): Promise<{ bytes: number; shared: ReadonlyMap<Digest, number> }>;
  /** What `prune` would remove, and the bytes that are then free on the disk. */
  planPrune(which: PruneImages): Promise<{ images: readonly ImageDetails[]; freed: number }>;
  /** `reclaimed`: bytes as Docker counts them. What running pulls, loads, saves and pushes need stays until they end. */
  prune(which: PruneImages): Promise<{ removed: readonly RemovedImage[]; reclaimed: number }>;
}

/** Images on this engine: load, import, look, name, remove. Names follow the distribution reference grammar. */
export interface ImageService {
  /** Newest first. */
  list(): Promise<readonly ImageDetails[]>;
  /**
   * By reference, id, or a unique prefix of an id; of another `platform` than the one asked for it is not found.
   * @throws EngineError `not-found` (`image.not-found`, "No such image: X"; `image.platform-mismatch`), `invalid`
   * (`image.reference-invalid`, `image.platform-invalid`).
   */
  inspect(name: string, options?: { platform?: string }): Promise<ImageDetails>;
  /**
   * Reads a `docker save` archive or an OCI layout tar (plain, gzip, zstd, xz or bzip2). Nothing is visible before everything
   * is verified; leaving the loop cancels.
   * @throws EngineError `invalid` with reasons `image.*`, `unavailable` with `storage.disk-full`.
   */
  load(tar: Readable): Channel<LoadMessage>;
  /**
   * Brings an image from its registry. Nothing is visible before everything is verified; leaving the loop cancels, and keeps
   * what has come for the next time.
   * @throws EngineError `invalid` and `not-found` with reasons `image.*`, and `registry.*`.
   */
  pull(request: PullRequest): Channel<PullMessage>;
  /** What a registry says of a name; nothing is fetched. @throws as `pull`. */
  lookUp(name: string, login?: RegistryLogin): Promise<LookedUpImage>;
  /**
   * Sends an image, or without a tag all tags of a repository, to its registry; leaving the loop cancels.
   * @throws EngineError `not-found` (`image.not-found`), `registry.*`.
   */
  push(name: string, login?: RegistryLogin): Channel<PushMessage>;
  /**
   * An archive of images, layers as they came, that both `docker load` and readers of OCI layouts take; leaving the loop
   * cancels. What it holds stays while it is read, also when the images are removed meanwhile.
   * @throws EngineError `not-found` (`image.not-found`, `image.platform-mismatch`), `invalid`: before the first piece.
   */
  save(request: SaveImages): AsyncIterable<Uint8Array>;
  readonly space: ImageSpace;
  /** A root filesystem tar, compressed as for `load`, as a one-layer image. Resolves to its id. */
  import(request: ImportRequest): Promise<Digest>;
  /** The image of a container with its new layer on top. @throws EngineError `not-found` (`image.not-found`), `invalid`. */
  commit(request: CommitImage): Promise<Digest>;
  tag(name: string, reference: string): Promise<void>;
  /** @throws EngineError `conflict` (`image.in-use`) with Docker's words. */
  remove(name: string, options?: { force?: boolean; prune?: boolean }): Promise<readonly RemovedImage[]>;
}

/** A layer as the manifest has it. */
export interface ImageLayer {
  mediaType: string;
  digest: Digest;
  /** Bytes. */
  size: number;
  /** Of the layer's plain tar. */
  diffId: Digest;
}

/** An entry of an image's history as it stands in the config (OCI image spec, config.md). */
export interface HistoryJson {
  created?: string;
  created_by?: string;
  author?: string;
  comment?: string;
  empty_layer?: boolean;
}

/** An image that another one is built on. */
export interface BaseImage {
  id: Digest;
  config: ImageConfig;
  platform: ImagePlatform;
  /** Bottom first. */
  layers: readonly ImageLayer[];
  /** Key of the committed snapshot on top; undefined for an image without layers. */
  topSnapshot?: string;
  author?: string;
  history: readonly HistoryJson[];
}

export interface ImagePlatform {
  os: string;
  architecture: string;
  variant?: string;
}

/** An image whose layers are there. */
export interface BuiltImage {
  layers: readonly ImageLayer[];
  config: ImageConfig;
  platform: ImagePlatform;
  author?: string;
  /** RFC 3339; absent where nothing has a date. */
  created?: string;
  history: readonly HistoryJson[];
  /** Names for it. */
  references: readonly string[];
  /** What its config has besides (image-spec, config.md: "implementations may"). */
  further?: Readonly<Record<string, string>>;
}

/** What was made of layers. */
export interface MadeImage {
  id: Digest;
  /** OCI image spec, descriptor.md. */
  manifest: { mediaType: string; digest: Digest; size: number };
  /** What the manifest leads to. */
  blobs: readonly { digest: Digest; size: number }[];
  /** As of `ImageService.save`, under these names; while the lease lasts. @throws EngineError `invalid` for a name that cannot be */
  archive(references: readonly string[]): AsyncIterable<Uint8Array>;
}

/** Images for several platforms under one digest. */
export interface MadeIndex {
  manifest: MadeImage['manifest'];
  /** An OCI layout (image-spec, image-layout.md), while the lease lasts. @throws EngineError `invalid` for a name that cannot be */
  archive(references: readonly string[]): AsyncIterable<Uint8Array>;
  /** Keeps all of it with one of its images, which is kept: these names mean the index from then on, and a push sends it. */
  keepWith(id: Digest, references: readonly string[]): void;
  /** Puts all of it under a name in its registry; leaving the loop cancels. @throws EngineError `registry.*` */
  push(reference: string, login: RegistryLogin | undefined): Channel<PushMessage>;
}

/** A document and the layers that it tells of, as a repository has them under a name. */
export interface RemoteLayers {
  /** What the name means. @throws EngineError `invalid`, SourcesFailure */
  read(): Promise<{
    mediaType: string;
    document: Uint8Array;
    layers: readonly { mediaType: string; digest: Digest; size: number }[];
  }>;
  /** Brings layers, bottom first, and unpacks them. @throws SourcesFailure */
  bring(layers: readonly ImageLayer[], lease: Lease): Promise<void>;
  /** Puts a document and layers that are here under the name. @returns its manifest @throws RegistryFailure */
  write(
    what: { mediaType: string; document: Uint8Array; layers: readonly ImageLayer[] },
    lease: Lease,
  ): Promise<MadeImage['manifest']>;
}

/** Blobs that somebody else keeps, by their digests. */
export interface ForeignBlobs {
  has(digest: Digest): Promise<boolean>;
  /** @throws EngineError `not-found` */
  read(digest: Digest): AsyncIterable<Uint8Array>;
  write(blob: { digest: Digest; size: number }, pieces: AsyncIterable<Uint8Array>): Promise<void>;
}

/** Images for whoever builds: what work holds by its lease stays until the lease is released. */
export interface BuildImages {
  readonly leases: Leases;
  /** @throws EngineError `not-found` (`image.not-found`, `image.platform-mismatch`) */
  base(name: string, platform: string, lease: Lease): Promise<BaseImage>;
  /** Keeps a layer that was packed to a file. `pack`: as of `CommitImage`. */
  keepLayer(lease: Lease, pack: (file: string) => Promise<{ digest: Digest; size: number }>): Promise<ImageLayer>;
  /** Makes the image, with its names, and keeps it unless that is not wanted. @throws EngineError `invalid` for a name that cannot be */
  make(image: BuiltImage, lease: Lease, how?: { isKept: boolean }): Promise<MadeImage>;
  /** One index of images that were made, which stays as long as the lease. */
  index(images: readonly { image: MadeImage; platform: ImagePlatform }[], lease: Lease): Promise<MadeIndex>;
  /** The same in a store without names; what is read is what `manifest` leads to. */
  remoteIn(blobs: ForeignBlobs, manifest: Digest | undefined, signal: AbortSignal): RemoteLayers;
  /** @throws EngineError `invalid` (`image.reference-invalid`) */
  remote(reference: string, login: RegistryLogin | undefined, signal: AbortSignal): RemoteLayers;
  /** Whether a blob is here. */
  has(digest: Digest): Promise<boolean>;
  /** Deletes what nothing holds any more. */
  collect(): Promise<void>;
}

/** What images need to know of containers; containers implement it. */
export interface ImageUsers {
  /** Containers made from this image. */
  usersOf(imageId: Digest): readonly { id: string; running: boolean }[];
}
