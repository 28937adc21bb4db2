import type { Channel } from '../../base/channel.ts';
import type { ErrorReason } from '../../base/error-reasons.ts';
import type { ErrorParams } from '../../base/errors.ts';
import type { HealthCheck } from '../../base/health-config.ts';
import type { NetworkEndpoint } from '../../drivers/network/network-provider.ts';
import type { CgroupStats } from '../../drivers/oci/cgroups/container-cgroup.ts';
import type { ProcessStream } from '../../drivers/oci/runtime.ts';
import type { EndpointWishes, FurtherConfig, FurtherHostConfig, FurtherResources } from './further-options.ts';
import type { Health } from './health-service.ts';
import type { MountPoint, RequestedMount } from './mounts/mount-point.ts';

export type {
  DeviceRate,
  EndpointWishes,
  FurtherConfig,
  FurtherHostConfig,
  FurtherResources,
} from './further-options.ts';
export type { MountPoint, RequestedMount };

/** What a container is asked to be; Docker's ContainerConfig in our words. Absent = the image's or the default. */
export interface ContainerConfig extends FurtherConfig {
  /** As the client wrote it. */
  image: string;
  command?: readonly string[];
  /** An empty list clears the image's. */
  entrypoint?: readonly string[];
  environment: readonly string[];
  workingDirectory?: string;
  user?: string;
  hostname?: string;
  domainname?: string;
  labels: Readonly<Record<string, string>>;
  terminal: boolean;
  openStdin: boolean;
  stdinOnce: boolean;
  attachStdin: boolean;
  attachStdout: boolean;
  attachStderr: boolean;
  exposedPorts: readonly string[];
  volumes: readonly string[];
  /** Name or number. */
  stopSignal?: string;
  stopTimeoutSeconds?: number;
  healthCheck?: HealthCheck;
  /** Runs the lines of `CMD-SHELL`; `/bin/sh -c`. */
  shell?: readonly string[];
}

/** What the host gives; Docker's HostConfig in our words. */
export interface ContainerHostConfig extends FurtherHostConfig {
  /** `default`, `bridge`, `none`, `host`, `container:ID`; anything else is refused until networks come. */
  networkMode: string;
  portBindings: readonly PortBinding[];
  /** Also every exposed port, on any port of the host. */
  publishAllPorts: boolean;
  autoRemove: boolean;
  privileged: boolean;
  readonlyRootfs: boolean;
  /** `source:/target[:options]`; a source that is no absolute path is a volume's name. */
  binds: readonly string[];
  tmpfs: Readonly<Record<string, string>>;
  mounts: readonly RequestedMount[];
  /** `CONTAINER[:ro]`. */
  volumesFrom?: readonly string[];
  /** Of a client before API 1.44: what is mounted below a read-only bind stays as it is. */
  shallowReadOnly?: boolean;
  /** Of volumes that are made for the container. */
  volumeDriver?: string;
  capabilitiesAdd: readonly string[];
  capabilitiesDrop: readonly string[];
  securityOptions: readonly string[];
  extraHosts: readonly string[];
  dns: readonly string[];
  dnsSearch: readonly string[];
  dnsOptions: readonly string[];
  groupsAdd: readonly string[];
  init?: boolean;
  runtime?: string;
  shmSizeBytes?: number;
  sysctls: Readonly<Record<string, string>>;
  ulimits: readonly { name: string; soft: number; hard: number }[];
  oomScoreAdjust?: number;
  restartPolicy: { name: string; maximumRetryCount: number };
  logDriver: string;
  logOptions: Readonly<Record<string, string>>;
  resources: ContainerResources;
}

/** A port to publish, in the words of the request. */
export interface PortBinding {
  /** Of the container, `80/tcp`. */
  port: string;
  /** Empty = every address of the host. */
  hostAddress: string;
  /** `8080`, one of `8000-8010`, or empty = any. */
  hostPort: string;
}

/** Limits; absent = none. */
export interface ContainerResources extends FurtherResources {
  memoryBytes?: number;
  memoryReservationBytes?: number;
  /** Memory and swap together; -1 = no limit. */
  memorySwapBytes?: number;
  cpuShares?: number;
  cpuPeriodMicroseconds?: number;
  cpuQuotaMicroseconds?: number;
  /** Docker's `--cpus` times 1e9. */
  nanoCpus?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
  pidsLimit?: number;
}

export interface CreateContainer {
  name?: string;
  /** Of the image, `linux/arm64`: another one is not found. Absent: any, with a warning where it is not this machine's. */
  platform?: string;
  config: ContainerConfig;
  hostConfig: ContainerHostConfig;
  endpoints?: readonly EndpointWishes[];
  /** Told as warnings: what the API has better words for by now. */
  deprecations?: readonly string[];
}

/** What a container gets otherwise than asked. `message` is for Docker's `Warnings`, the rest for translating it. */
export interface ContainerWarning {
  message: string;
  reason?: ErrorReason;
  params?: ErrorParams;
}

/** Why a container did not start, or ended before it began. */
export interface ContainerFailure {
  reason: ErrorReason;
  params: ErrorParams;
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface ContainerDetails {
  id: string;
  /** Without the slash. */
  name: string;
  createdAt: Date;
  state: ContainerState;
  pid: number;
  exitCode: number;
  /** Why the last start failed, else empty. */
  error: string;
  /** What `error` is translated by. */
  failure?: ContainerFailure;
  oomKilled: boolean;
  /** Of one with a health check that was started. */
  health?: Health;
  startedAt?: Date;
  finishedAt?: Date;
  /** sha256 digest of the image's config. */
  imageId: string;
  /** Program and arguments that run, image and request joined. */
  path: string;
  args: readonly string[];
  /** Request joined with the image's config. */
  config: ContainerConfig;
  hostConfig: ContainerHostConfig;
  /** Runtime that holds it, e.g. `crun`. */
  runtime: string;
  snapshotter: string;
  platform: string;
  /** Paths on the engine's host. */
  paths: { log: string; hosts: string; hostname: string; resolvConf: string; rootfs: string };
  mounts: readonly MountPoint[];
  /** Of AppArmor at the last start; absent where the host has none. */
  appArmorProfile?: string;
  /** Restarts by policy since the last start by hand. */
  restartCount: number;
  /** Its place on the bridge, while it runs there. */
  endpoint?: NetworkEndpoint;
  /** Containers that it has a link to, by their names now. */
  links?: readonly { container: string; alias: string }[];
  /** Links of others that lead here, as further names: `parent/alias`. */
  linkedAs?: readonly string[];
  /** Bytes of the container's own layer, and with the image's; only where it was asked for. */
  sizes?: { writable: number; root: number };
}

export interface ListContainers {
  all?: boolean;
  limit?: number;
  /** Measures `sizes`, which takes time. */
  sizes?: boolean;
  /** Docker's filters: id, name, label, status, ancestor, exited, since, before, network, …: each a list, any matches. */
  filters?: Readonly<Record<string, readonly string[]>>;
}

export interface LogOptions {
  follow: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Number of last lines; undefined = all. */
  tail?: number;
  /** Nanoseconds since the epoch. */
  since?: bigint;
  until?: bigint;
  /** With `attributes`. */
  details?: boolean;
}

export interface LogRecord {
  timeNano: bigint;
  stream: 'stdout' | 'stderr';
  /** With its newline where the container wrote one. */
  data: Uint8Array;
  /** Labels, environment and tag that the options of the log name. */
  attributes?: Readonly<Record<string, string>>;
}

export interface AttachOptions {
  /** Replay what was written before. */
  logs: boolean;
  /** Go on live. */
  stream: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

export interface Attached {
  /** Output is one raw stream. */
  terminal: boolean;
  /** The end of the client's input is that of the container's; else, as in Docker, the client has left. */
  inputOnce: boolean;
  stream: ProcessStream;
  /** The client has left by its detach keys: tells it as an event. */
  detached(): void;
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface ContainerExit {
  exitCode: number;
  error?: string;
}

/** Lifecycle of containers. `name` is an id, a unique prefix of one, or a name with or without the slash. */
export interface ContainerService {
  list(request?: ListContainers): Promise<readonly ContainerDetails[]>;
  /** @throws EngineError `not-found` (`container.not-found`), Docker's "No such container: X". */
  inspect(name: string, options?: { sizes?: boolean }): Promise<ContainerDetails>;
  /** @throws EngineError `conflict` (`container.name-taken`), `not-found` (`image.not-found`), `invalid`. */
  create(request: CreateContainer): Promise<{ id: string; warnings: readonly ContainerWarning[] }>;
  /** @throws EngineError `not-modified` when it runs already. */
  start(name: string): Promise<void>;
  /** Stop signal, wait, SIGKILL; resolves once it no longer runs. Negative timeout waits for ever. */
  stop(name: string, options?: { timeoutSeconds?: number; signal?: string }): Promise<void>;
  restart(name: string, options?: { timeoutSeconds?: number; signal?: string }): Promise<void>;
  kill(name: string, signal?: string): Promise<void>;
  rename(name: string, newName: string): Promise<void>;
  /** @param options `link`: `name` is a link's `parent/alias`, and only that goes. */
  remove(name: string, options?: { force?: boolean; volumes?: boolean; link?: boolean }): Promise<void>;
  /** Yields once; leaving the loop cancels. Subscribed when it returns, so that an exit right after is not missed. */
  wait(name: string, until: WaitCondition): Promise<Channel<ContainerExit>>;
  readonly streams: ContainerStreams;
  readonly running: RunningContainers;
}

export interface ContainerStreams {
  /** Ends with the container when following. */
  logs(name: string, options: LogOptions): Promise<Channel<LogRecord>>;
  /** A created container can be attached to before it starts. */
  attach(name: string, options: AttachOptions): Promise<Attached>;
  resize(name: string, size: { rows: number; columns: number }): Promise<void>;
  /** Its root filesystem as a tar, whether it runs or not; leaving the loop ends it. @throws EngineError `not-found`, `conflict`. */
  export(name: string): AsyncIterable<Uint8Array>;
}

/** What can be done with a container while it runs. */
export interface RunningContainers {
  /** Every process stands still until `unpause`. @throws EngineError `conflict` when it does not run, or is paused. */
  pause(name: string): Promise<void>;
  /** @throws EngineError `conflict` (`container.not-paused`). */
  unpause(name: string): Promise<void>;
  /** @param psArguments of ps(1), `-ef` when empty. @throws EngineError `conflict`, `invalid` for arguments without pid. */
  top(name: string, psArguments: string): Promise<ProcessTable>;
  /**
   * Figures once a second, or once. Each but the one of `once: 'at-once'` knows the one before it, so that shares can be
   * told from the first on; of a container that does not run they are empty.
   */
  stats(name: string, mode: 'stream' | 'once' | 'at-once'): Promise<Channel<ContainerStats>>;
  /** @throws EngineError `invalid` for a limit that cannot be, `conflict` in Docker's words. */
  update(name: string, update: UpdateContainer): Promise<{ warnings: readonly string[] }>;
}

export interface ProcessTable {
  titles: readonly string[];
  processes: readonly (readonly string[])[];
}

/** New limits and a new restart policy; what is absent stays. */
export interface UpdateContainer {
  resources: ContainerResources;
  restartPolicy?: ContainerHostConfig['restartPolicy'];
}

export interface ContainerStats {
  id: string;
  /** Without the slash. */
  name: string;
  /** Absent of a container that does not run. */
  current?: StatsSample;
  previous?: StatsSample;
}

/** Everything that is counted of a container at one moment. */
export interface StatsSample {
  time: Date;
  cgroup: CgroupStats;
  /** The whole machine's, since its boot: all processors together, idle time too. */
  systemCpuNanoseconds: number;
  onlineCpus: number;
  hostMemoryBytes: number;
  /** By name; none for containers without a network, or on the host's. */
  interfaces: Readonly<Record<string, InterfaceCounts>>;
}

export type InterfaceCounts = Record<'received' | 'sent', Record<'bytes' | 'packets' | 'errors' | 'dropped', number>>;
