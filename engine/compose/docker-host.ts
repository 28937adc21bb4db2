/**
 * A host that speaks the Docker Engine API, as the app and Compose see it: ours, a dockerd, Podman. Types only; implemented
 * in `electron/hosts/`. Everything fails with a `HostFailure`. Where an operation takes a signal, aborting it ends the
 * work and the iteration at once.
 */
import type {
  BuildCache,
  ContainerCreateRequest,
  ContainerInspectResponse,
  ContainerStatsResponse,
  ContainerSummary,
  EventMessage,
  HistoryResponseItem,
  ImageInspect,
  ImageSummary,
  SystemVersion,
} from '@docker/node-sdk';
import type { ErrorCode, ErrorParams } from '../base/errors.ts';

/** The failure of a host's answer, or of reaching it (`unavailable`). */
export interface HostFailure extends Error {
  readonly code: ErrorCode;
  /** Only a Beluga engine gives one. */
  readonly reason: string | undefined;
  readonly params: ErrorParams;
}

export interface LogOptions {
  readonly follow: boolean;
  /** Lines from the end; all when left out. */
  readonly tail?: number;
  /** Seconds since the epoch, with nanoseconds as a fraction, as text so that none is lost: `1700000000.123456789`. */
  readonly since?: string;
  /** The container has a terminal: one raw stream without frames. */
  readonly tty: boolean;
}

/** A piece of output as the host framed it: maybe many lines, maybe part of one. Lines begin with their RFC 3339 time. */
export interface LogChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

/** What a container gets otherwise than asked; only a Beluga engine gives a reason. */
export interface HostWarning {
  readonly message: string;
  readonly reason?: string;
  readonly params?: ErrorParams;
}

export interface ContainerCalls {
  list(): Promise<ContainerSummary[]>;
  inspect(id: string): Promise<ContainerInspectResponse>;
  create(request: ContainerCreateRequest, name?: string): Promise<{ id: string; warnings: HostWarning[] }>;
  /** Fails with `not-modified` when it runs already. */
  start(id: string): Promise<void>;
  /** Fails with `not-modified` when it does not run. */
  stop(id: string): Promise<void>;
  restart(id: string): Promise<void>;
  kill(id: string, signal?: string): Promise<void>;
  /** Its processes stand still until `unpause`. Fails with `conflict` when it does not run, or is paused. */
  pause(id: string): Promise<void>;
  unpause(id: string): Promise<void>;
  rename(id: string, name: string): Promise<void>;
  remove(id: string, options: { force: boolean }): Promise<void>;
  logs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogChunk>;
  /** About one a second, times as text; of a container that does not run without figures, or ended by the host. */
  stats(id: string, signal: AbortSignal): AsyncIterable<ContainerStatsResponse>;
}

/** Of a registry, for one request. */
export interface HostLogin {
  readonly username: string;
  readonly password: string;
  readonly identityToken?: string;
}

/** A line of a pull or push, in Docker's words (moby: pkg/jsonmessage). */
export interface ProgressLine {
  readonly status?: string;
  /** Short digest of a layer; of other lines a tag, or nothing. */
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

export interface PullRequest {
  readonly reference: string;
  readonly platform?: string;
  readonly login?: HostLogin;
}

/** `dangling`: only images without a name; else all that no container uses. */
export interface PruneFilters {
  readonly dangling: boolean;
  /** Only what was created so long ago: `168h`. */
  readonly until?: string;
}

export interface ImageCalls {
  /** With the bytes that other images share, where the host counts them. */
  list(): Promise<ListedImage[]>;
  inspect(id: string): Promise<ImageInspect>;
  /** Newest first. */
  history(id: string): Promise<HistoryResponseItem[]>;
  tag(id: string, reference: string): Promise<void>;
  remove(id: string, options: { force: boolean }): Promise<{ untagged: string[]; deleted: string[] }>;
  /** Yields the host's words line by line; a refused archive fails the iteration. */
  load(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncIterable<string>;
  /** The archive of `docker save`. */
  save(references: readonly string[], signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Ends when the image is there; a refusal fails the iteration. */
  pull(request: PullRequest, signal: AbortSignal): AsyncIterable<ProgressLine>;
  push(reference: string, login: HostLogin | undefined, signal: AbortSignal): AsyncIterable<ProgressLine>;
  prune(filters: PruneFilters): Promise<{ deleted: string[]; freed: number }>;
}

/** Of a list; only a Beluga engine tells of which tags nobody but a mirror says what they mean. */
export interface ListedImage extends ImageSummary {
  readonly BelugaUnverified?: readonly string[];
}

/** To a host's own extension. */
export interface ExtensionRequest {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly body?: object;
}

export interface SystemCalls {
  version(): Promise<SystemVersion>;
  /**
   * The answer of `path` of a host's own extension, by GET unless the request says otherwise; undefined where the host has
   * none, and for an answer without a body.
   */
  extension(path: string, request?: ExtensionRequest, login?: HostLogin): Promise<unknown>;
  /** The JSON lines of `GET path` of a host's own extension. */
  followExtension(path: string, signal: AbortSignal): AsyncIterable<unknown>;
  /** Whether the registry at `address`, as `docker login` gives it, takes this login; an identity token where it gives one. */
  checkLogin(address: string, login: HostLogin): Promise<string | undefined>;
  /** Resolves when the subscription stands: what happens from then on is in the stream. */
  events(signal: AbortSignal): Promise<AsyncIterable<EventMessage>>;
}

/** Characters of a terminal. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Bytes in and out of a process, at a terminal or not, until one side closes. */
export interface TerminalConnection {
  /** Input and output are one terminal; otherwise lines end with a line feed alone and there is nothing to resize. */
  readonly tty: boolean;
  /** Somebody reads what is written. */
  readonly writable: boolean;
  /** Read once; who does not read holds the process back. Fails with `unavailable` when the host is lost. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
  resize(size: TerminalSize): Promise<void>;
  /** After the end of `output`: the exit code; undefined where the process goes on without us. */
  exitCode(): Promise<number | undefined>;
  /**
   * Leaves. A process that `exec` started is hung up on, as when a terminal window is closed: what ignores SIGHUP goes on;
   * where a host has no word for that, its foreground is interrupted and its input ended.
   */
  close(): void;
}

export interface ShellRequest {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** As the image says when absent. */
  readonly user?: string;
  readonly size: TerminalSize;
}

export interface TerminalCalls {
  /**
   * Starts a further process at a terminal of its own.
   * @throws HostFailure when the container does not run; a command that is not there is told by the output and exit code
   *   (126, 127), as in Docker.
   */
  exec(id: string, request: ShellRequest): Promise<TerminalConnection>;
  /** The main process, beginning with what is written from now on. */
  attach(id: string): Promise<TerminalConnection>;
  /** What a command writes to stdout, at most 64 KiB of it; undefined when it fails or is not there. */
  ask(id: string, command: readonly string[]): Promise<string | undefined>;
}

export interface BuildRequest {
  /** Path in the context. */
  readonly dockerfile: string;
  readonly target?: string;
  readonly platform?: string;
  readonly references: readonly string[];
  readonly arguments: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  readonly pull: boolean;
  /** 16 hex digits: a Beluga engine remembers the build by it. */
  readonly id: string;
  /** By registry; Docker Hub is `https://index.docker.io/v1/`. */
  readonly logins: Readonly<Record<string, HostLogin>>;
  /** Base64 by id, for an engine of ours alone. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** What the classic builder says: words as they come, and the image at the end. */
export interface BuildWords {
  readonly text?: string;
  readonly imageId?: string;
}

export interface BuildCalls {
  /** A refusal and a step that fails end the iteration with a failure. @param context an archive (tar) */
  build(request: BuildRequest, context: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncIterable<BuildWords>;
  /** What builds have left to be used again, where the host tells. */
  cache(): Promise<BuildCache[]>;
  /** Without an id everything that no build uses. */
  pruneCache(id?: string): Promise<{ freed: number }>;
}

export interface DockerHost {
  readonly builds: BuildCalls;
  readonly terminals: TerminalCalls;
  readonly containers: ContainerCalls;
  readonly images: ImageCalls;
  readonly system: SystemCalls;
}
