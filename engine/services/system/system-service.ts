/** Facts of this engine, fixed at its start. */
export interface EngineFacts {
  /** Beluga's version. */
  version: string;
  /** 12 hex digits, hash of the data root's real path. */
  instance: string;
  /** Random, kept in the data root: Docker's `ID`. */
  id: string;
  hostname: string;
  rootful: boolean;
  dataRoot: string;
  runRoot: string;
  snapshotter: 'overlay' | 'fuse-overlayfs' | 'vfs';
  defaultRuntime: { name: string; version: string; path: string };
  runtimes: Readonly<Record<string, { version: string; path: string }>>;
  conmonVersion: string;
  cgroupVersion: 1 | 2;
  /** The kernel confines containers by AppArmor. */
  appArmor: boolean;
  kernel: string;
  operatingSystem: string;
  /** VERSION_ID of os-release(5); empty where it has none. */
  operatingSystemVersion: string;
  /** Docker's names: `amd64`, `arm64`, … */
  architecture: string;
  cpus: number;
  memoryBytes: number;
  startedAt: Date;
  debug: boolean;
  /** Containers go on when the engine ends. */
  liveRestore: boolean;
  /** Containers have users of their own. */
  usersRemapped: boolean;
  /** `name=value`, for whoever has several engines. */
  labels: readonly string[];
  /** Of containers that do not say how they log, and all there are. */
  logging: { driver: string; drivers: readonly string[] };
  warnings: readonly string[];
}

/** One look at the host: what works, and what would help where it does not. */
export interface Probe {
  /** Stable, e.g. `overlay`, `cgroup`, `crun`, `conmon`, `namespaces`, `capabilities`. */
  name: string;
  ok: boolean;
  detail: string;
  /** What to do; empty when fine. */
  help: string;
}

export interface EngineCounts {
  containers: number;
  running: number;
  paused: number;
  stopped: number;
  images: number;
}

/** Bytes that are allocated on the disk, as `du --block-size=1` counts them. */
export interface DiskFigures {
  /** Unpacked layers of images. */
  layers: number;
  /** Layers as they came, manifests, configs. */
  blobs: number;
  /** What is not whole: of pulls that go on or were interrupted. */
  partial: number;
  /** What containers have written. */
  containers: number;
  /** With the other files of containers that the engine writes. */
  logs: number;
}

/** What can change while the engine runs. */
export interface ReloadedOptions {
  debug: boolean;
  logLevel: string;
  liveRestore: boolean;
  shutdownTimeoutSeconds: number;
  insecureRegistries: readonly string[];
  registryMirrors: readonly string[];
  labels: readonly string[];
  /** Layers that travel at once; 0 = no limit. */
  maximumDownloads: number;
  maximumUploads: number;
  runtimes: readonly { name: string; path: string; args: readonly string[] }[];
  /** Chosen by probing when absent. */
  defaultRuntime: string | undefined;
}

export interface SystemService {
  facts(): EngineFacts;
  counts(): Promise<EngineCounts>;
  doctor(): Promise<readonly Probe[]>;
  /** Walks everything, which takes seconds; who asks meanwhile gets the same figures. */
  disk(): Promise<DiskFigures>;
  /** Counts from then on, and is told as the event `reload`. @throws EngineError `invalid`: then nothing has changed. */
  reload(options: ReloadedOptions): Promise<void>;
}
