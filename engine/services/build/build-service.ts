import type { Duplex, Readable } from 'node:stream';
import type { Channel } from '../../base/channel.ts';
import type { Digest } from '../../base/digest.ts';
import type { LintWarning, Outline, Target } from '../../dockerfile/outline.ts';
import type { SpecResources } from '../../drivers/oci/spec-request.ts';
import type { ForeignBlobs, PullMessage, PushMessage } from '../images/image-service.ts';
import type { RegistryLogin } from '../registries/registry-service.ts';

export interface BuildRequest {
  /** The context: an archive, plain or compressed, a client that is asked for what is needed of it, or an address. */
  context: Readable | ClientFiles | RemoteContext;
  /** Path of the Dockerfile in the context; `Dockerfile` when absent. */
  dockerfile?: string;
  /** Names for the image. */
  references: readonly string[];
  /** Values for ARG; undefined: declared without a value. */
  buildArguments: Readonly<Record<string, string | undefined>>;
  labels: Readonly<Record<string, string>>;
  /** Name or number of the stage to build; the last one when absent. */
  target?: string;
  /** Every step is run, whatever was built before. */
  noCache: boolean;
  /** Of these stages, and of what stands on them or takes files from them. */
  noCacheStages?: readonly string[];
  /** What stands for images and stages of these names (Docker: "named contexts"); without `:latest`. */
  contexts?: Readonly<Record<string, NamedContext>>;
  /** Base images are looked up at their registries even where they are here. */
  pull: boolean;
  /** One image for each, in one index when there are several; this machine's when absent. */
  platforms?: readonly string[];
  network: BuildNetwork;
  /** Rights that its steps may use. */
  grants?: readonly BuildGrant[];
  /** `name:address`. */
  extraHosts: readonly string[];
  resources: SpecResources;
  ulimits: readonly { name: string; soft: number; hard: number }[];
  shmSizeBytes?: number;
  cgroupParent?: string;
  /** By the registry's host. */
  logins: Readonly<Record<string, RegistryLogin>>;
  /** The client's own name for what it builds from, the same each time. */
  origin?: string;
  /** By which the build can be asked about; one is made when absent. */
  id?: string;
  /** Absent: the client has sent its request and waits; it can be asked for nothing. */
  client?: BuildClient;
  /** Where the result goes, besides the store of images. */
  outputs?: readonly BuildOutput[];
  /** Of the references, those that are pushed to their registries in the end. */
  pushed?: readonly string[];
  /** Caches, and images that have theirs in them, whose steps are taken where they fit. */
  cacheFrom?: readonly CachePlace[];
  /** Where the steps are put in the end. */
  cacheTo?: readonly CacheTarget[];
  /** The image's config has its steps. */
  inlineCache?: boolean;
  /** No image is kept here: only the outputs are wanted. */
  withoutImage?: boolean;
}

/** A name in a registry, or a store of the client's with what is in it. */
export type CachePlace = { reference: string } | { name: string; blobs: ForeignBlobs; manifest?: Digest };

/** A place for the steps of a build. */
export interface CacheTarget {
  place: CachePlace;
  /** Of all stages, not of the image alone. */
  isWhole: boolean;
  /** What fails there is a warning. */
  ignoresErrors: boolean;
}

/** Takes the result of a build. What fails fails the build. */
export type BuildOutput =
  /** The root filesystem, mounted for reading for as long as it takes; of several platforms each under a name of its own. */
  | { kind: 'files'; take(folders: readonly ResultFolder[]): Promise<void> }
  /** The same, as a tar; of one platform. */
  | { kind: 'tar'; take(pieces: AsyncIterable<Uint8Array>): Promise<void> }
  /** The image, as of `ImageService.save`, or an OCI layout with the index of several. */
  | { kind: 'archive'; references: readonly string[]; take(pieces: AsyncIterable<Uint8Array>): Promise<void> };

export interface ResultFolder {
  /** `linux_arm64`; empty: it is the only one. */
  name: string;
  directory: string;
}

/** A client that gives files when it is asked for them. Each is asked for once, in this order. */
export interface ClientFiles {
  /** A Dockerfile and its own ignore file; undefined where there is none. */
  dockerfile(name: string): Promise<{ text?: string; ignore?: string }>;
  /** The ignore file of the context; undefined where there is none. */
  ignoreFile(): Promise<string | undefined>;
  /**
   * An archive of what is not ignored. Leaving the loop cancels. `paths`: only these are needed; absent: all. `known`: what is
   * there already is not sent.
   * @throws EngineError `invalid` naming a file that the client could not read
   */
  files(request: {
    ignore: readonly string[];
    paths?: readonly string[];
    known?: KnownFiles;
  }): AsyncIterable<Uint8Array>;
}

/** What a client tells of a file before it sends it. */
export interface SentFile {
  /** Clean, relative. */
  path: string;
  kind: 'file' | 'directory' | 'symlink';
  /** Permission bits. */
  mode: number;
  size: number;
  modified: { seconds: number; nanoseconds: number };
  /** Of a symlink: what it says. */
  link: string;
}

/** Files that a client has sent before. */
export interface KnownFiles {
  /** Whether it is there as the client has it. Has to be told everything that the client has: nothing else stays. */
  has(file: SentFile): boolean;
}

/** A git repository (`URL#ref:directory`), or an archive or a Dockerfile of a web server. */
export interface RemoteContext {
  address: string;
}

/** An image by another name, a folder of the client, or an address. */
export type NamedContext = { image: string } | { files: ClientFolder } | RemoteContext;

export type ClientFolder = Pick<ClientFiles, 'ignoreFile' | 'files'>;

/** What a client that stays connected can be asked for while its build runs. Nothing of it is kept. */
export interface BuildClient {
  /** @throws EngineError `not-found` where the client has no secret of that id */
  secret(id: string): Promise<Uint8Array>;
  /** A connection to the client's ssh agent. @throws EngineError `not-found` where the client forwards none of that id */
  sshAgent(id: string): Promise<Duplex>;
  /** @param host of the registry, `https://index.docker.io/v1/` for Docker Hub; undefined: the client has no login there */
  login(host: string): Promise<RegistryLogin | undefined>;
}

/** BuildKit's words. */
export type BuildGrant = 'network.host' | 'security.insecure';

export type BuildNetwork = 'default' | 'none' | 'host';

/** What happens in a build. Steps are numbered from 1 in the order of the Dockerfile; their messages may be mixed. */
export type BuildMessage =
  /** The Dockerfile, when it was found. */
  | { source: string }
  /** Before anything is made: all steps. Of a base image that is pulled for it something may be told before. */
  | { planned: readonly PlannedStep[] }
  | { step: number; total: number; started: { words: string } }
  | { step: number; log: { stream: 'stdout' | 'stderr'; data: Uint8Array } }
  | { step: number; pull: PullMessage; reference: string }
  /** `cached`: nothing was done; `key` names the step's result. */
  | { step: number; done: { cached: boolean; key: string } }
  /** Comes before `started` of a step that was run, where it is known why nothing of the cache could be taken. */
  | { step: number; missed: CacheMiss }
  | { push: PushMessage; reference: string }
  /** Work that is no step, as it begins and as it is done. */
  | { aside: { words: string; isDone: boolean } }
  /** `aside`: of the work of these words, which is going on. */
  | { warning: string; aside?: string }
  | { built: BuiltResult };

export interface BuiltResult {
  /** Of several platforms that of this machine, or the first. */
  imageId: Digest;
  references: readonly string[];
  /** OCI image spec, descriptor.md; of several platforms the index. */
  manifest: { mediaType: string; digest: Digest; size: number };
  /** False where the image went to the outputs only. */
  isKept: boolean;
  /** Of the last cache that was written. */
  cacheManifest?: BuiltResult['manifest'];
}

export interface PlannedStep {
  number: number;
  /** The instruction. */
  words: string;
  /**
   * Name of its stage, `stage-N` where it has none; absent where there is only one, without a name. Of several platforms the
   * platform goes before it.
   */
  stage?: string;
  /** Of the Dockerfile, from 1. */
  lines: { first: number; last: number };
  /** Numbers of the steps that it begins with and takes files from. */
  after: readonly number[];
  /** Files come of it: a base image or a layer. Others change the image's configuration only. */
  makes: boolean;
}

/** Why a step had to be run: what is other than when the step at this place of this Dockerfile was last run here. */
export interface CacheMiss {
  /** At least one; what weighs most comes first. At most 20 of files. */
  reasons: readonly MissReason[];
  /** Files that have changed besides those that are named. */
  moreFiles: number;
}

export type MissReason =
  /** `path` in the context, or in what COPY --from takes from. */
  | { kind: 'file'; change: 'changed' | 'added' | 'removed'; path: string }
  /** Of ARG, or of ENV that lies below. Absent: it was not there; `hidden`: its name says that it is a secret. */
  | { kind: 'argument'; name: string; from?: string; to?: string; hidden: boolean }
  /** Ids of images. */
  | { kind: 'base'; reference: string; from: Digest; to: Digest }
  | { kind: 'instruction'; from: string; to: string }
  /** User, directory, network, or something else that an earlier instruction sets. */
  | { kind: 'settings' }
  /** What a step has made that this one stands on, or copies from, is other than it was. */
  | { kind: 'earlier'; step: number }
  /** The build was told to use no cache. */
  | { kind: 'no-cache' }
  /** It was made, and has been removed from the cache since. */
  | { kind: 'removed' };

export type LookRequest = Pick<BuildRequest, 'context' | 'dockerfile' | 'target' | 'buildArguments' | 'client'>;

/** What a Dockerfile says of itself. */
export interface DockerfileView {
  /** Of the target, or the last stage. */
  outline: Outline;
  targets: readonly Target[];
  warnings: readonly LintWarning[];
  /** Its name and text. */
  file: string;
  source: string;
}

/** Builds images from Dockerfiles. */
export interface BuildService {
  /**
   * Leaving the channel cancels the build: every running step ends, finished ones stay cached.
   * @throws EngineError `invalid` for a Dockerfile or a context that is wrong, `BuildFailure` for a step that failed
   */
  build(request: BuildRequest): Channel<BuildMessage>;
  /** Reads a Dockerfile and builds nothing. @throws EngineError `invalid`, as `build` */
  look(request: LookRequest): Promise<DockerfileView>;
  /** What is cached, the last used first. Folders of cache mounts are measured each time. */
  cache(): Promise<readonly CacheRecord[]>;
  /**
   * An image, without a name, of what a step that failed began with; it goes with the last container of it.
   * @throws EngineError `not-found` (`build.step-forgotten`)
   */
  imageBefore(build: string, step: number): Promise<Digest>;
  /** Takes away what no running build uses. @returns ids, and the bytes that became free */
  prune(filter: CacheFilter): Promise<{ ids: readonly string[]; bytes: number }>;
}

/** BuildKit's words: `regular` is the result of a step, or a download. */
export type CacheType = 'regular' | 'exec.cachemount' | 'source.local' | 'source.git.checkout';

export interface CacheRecord {
  /** 25 hex digits. */
  id: string;
  type: CacheType;
  /** Id of what it stands on. */
  parent?: string;
  /** The instruction, or what the folder is for. */
  description: string;
  /** Bytes of its layer or folder. */
  size: number;
  created: Date;
  lastUsed: Date;
  uses: number;
  /** By a running build. */
  inUse: boolean;
  /** An image has the layer too: taking it away frees nothing. */
  shared: boolean;
}

/** What a prune takes: what all of these say. Of lists one value has to fit; ids may be the beginning of one. */
export interface CacheFilter {
  /** Also what images share. */
  all?: boolean;
  /** Only what was not used since then. */
  unusedSince?: Date;
  ids?: readonly string[];
  parents?: readonly string[];
  types?: readonly string[];
  descriptions?: readonly string[];
  inUse?: boolean;
  shared?: boolean;
  /** Bytes that stay in any case. */
  reservedBytes?: number;
  /** Bytes that may stay. */
  maximumBytes?: number;
  /** Bytes that shall be free on the disk. */
  minimumFreeBytes?: number;
}
