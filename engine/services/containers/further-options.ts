/** Of a container's config what few ask for. Absent = the default, also in records of Beluga 0.1. */
export interface FurtherConfig {
  /** No network at all but loopback. */
  networkDisabled?: boolean;
  /** Of its interface on the bridge, as it was asked for. */
  macAddress?: string;
  /** Kept for builds and inspect; nothing is run with it. */
  shell?: readonly string[];
  /** Windows only: kept for inspect. */
  argsEscaped?: boolean;
}

/** A device of the host, or a directory of them. */
export interface DeviceMapping {
  pathOnHost: string;
  pathInContainer: string;
  /** Letters of `rwm`. */
  permissions: string;
}

/** What a driver of devices (GPU, CDI) is asked for. */
export interface DeviceRequest {
  driver: string;
  count: number;
  deviceIds?: readonly string[];
  capabilities?: readonly (readonly string[])[];
  options?: Readonly<Record<string, string>>;
}

/** Of a HostConfig what shares with the host or with another container. Absent = the default. */
export interface FurtherHostConfig extends NamespaceModes {
  cgroupParent?: string;
  devices?: readonly DeviceMapping[];
  /** `c 1:3 rwm`, as the kernel's device cgroup takes it. */
  deviceCgroupRules?: readonly string[];
  deviceRequests?: readonly DeviceRequest[];
  /** To containers on the default bridge. */
  links?: readonly ContainerLink[];
  /** Absent = Docker's, empty = none. */
  maskedPaths?: readonly string[];
  readonlyPaths?: readonly string[];
  annotations?: Readonly<Record<string, string>>;
  storageOptions?: Readonly<Record<string, string>>;
  /** Size of the first terminal, rows and columns. */
  consoleSize?: readonly [rows: number, columns: number];
  /** For Windows, or for nobody: kept and shown as dockerd on Linux does. */
  inert?: InertOptions;
}

export interface ContainerLink {
  /** As it was asked for. */
  name: string;
  alias: string;
  /** Found by its name when the container was made; in records always there. */
  containerId?: string;
}

export interface InertOptions {
  isolation?: string;
  containerIdFile?: string;
  cgroup?: string;
  cpuCount?: number;
}

/** `host`, `container:ID` and the like; absent = a namespace of the container's own. */
export interface NamespaceModes {
  pidMode?: string;
  ipcMode?: string;
  utsMode?: string;
  usernsMode?: string;
  cgroupnsMode?: string;
}

/** A block device of the host with a weight (10 … 1000) or a rate (bytes or operations a second). */
export interface DeviceRate {
  path: string;
  value: number;
}

/** Limits that few ask for; absent = none. */
export interface FurtherResources {
  kernelMemoryBytes?: number;
  kernelMemoryTcpBytes?: number;
  /** 0 … 100 */
  memorySwappiness?: number;
  oomKillDisable?: boolean;
  cpuRealtimePeriodMicroseconds?: number;
  cpuRealtimeRuntimeMicroseconds?: number;
  /** 10 … 1000 */
  blockWeight?: number;
  blockWeightDevices?: readonly DeviceRate[];
  blockReadBytes?: readonly DeviceRate[];
  blockWriteBytes?: readonly DeviceRate[];
  blockReadOperations?: readonly DeviceRate[];
  blockWriteOperations?: readonly DeviceRate[];
  /** Windows only. */
  cpuPercent?: number;
  ioMaximumBandwidth?: number;
  ioMaximumOperations?: number;
}

/** What a request wants of its endpoint beyond what the predefined networks give; Docker refuses most of it. */
export interface EndpointWishes {
  /** Network, as it was named. */
  network: string;
  aliases: readonly string[];
  /** Asks for addresses of its own. */
  addresses: boolean;
  links: readonly string[];
  driverOptions: readonly string[];
  macAddress?: string;
}
