import type { UserNamespace } from '../userns/process-ids.ts';
import type { OciBlockIo, OciMount, OciResources } from './oci-spec.ts';
import type { SeccompProfile } from './seccomp-profile.ts';
import type { OciDevice } from './spec-host.ts';

/** A container as the spec builder takes it. */
export interface SpecRequest {
  args: readonly string[];
  /** `NAME=value`; PATH, HOSTNAME and (with a terminal) TERM are added where they are missing. */
  environment: readonly string[];
  workingDirectory: string;
  user: { uid: number; gid: number; additionalGids: readonly number[] };
  hostname: string;
  domainname?: string;
  rootfs: { path: string; readonly: boolean };
  terminal: boolean;
  /** Besides the usual ones; one with the target of a usual mount replaces it. Nested ones come after their parents. */
  mounts: readonly OciMount[];
  /** Path of a network namespace. */
  network: string | 'host';
  cgroupsPath: string;
  resources: SpecResources;
  capabilitiesAdd: readonly string[];
  capabilitiesDrop: readonly string[];
  privileged: boolean;
  seccomp: 'default' | 'unconfined' | SeccompProfile;
  noNewPrivileges: boolean;
  /** Docker's default when absent. */
  maskedPaths?: readonly string[];
  readonlyPaths?: readonly string[];
  /** Docker's names, e.g. `nofile`. */
  ulimits: readonly { name: string; soft: number; hard: number }[];
  sysctls: Readonly<Record<string, string>>;
  oomScoreAdjust?: number;
  /** 64 MiB when absent. */
  shmSizeBytes?: number;
  annotations?: Readonly<Record<string, string>>;
  namespaces?: SharedNamespaces;
  /** Absent: the host's. */
  userNamespace?: UserNamespace;
  /** What is at /dev/shm: a directory of the host, or nothing; absent = a tmpfs of the container's own. */
  sharedMemory?: { source: string } | 'none';
  /** Program of the host that becomes the first process and runs the command. */
  init?: string;
  /** Devices beyond the usual ones, and rules for the device cgroup, which come last. */
  devices?: { nodes: readonly OciDevice[]; rules: readonly OciResources['devices'][number][] };
  /** `unconfined`, or one that is loaded; the default when absent. Without meaning where the kernel has no AppArmor. */
  appArmorProfile?: string;
  /** Of the terminal. */
  consoleSize?: readonly [rows: number, columns: number];
}

/** Namespaces that are not the container's own: the host's, or those behind a path. Absent = its own. */
export interface SharedNamespaces {
  pid?: 'host' | { path: string };
  ipc?: 'host' | { path: string };
  uts?: 'host';
  /** Absent: its own with cgroup v2, the host's with v1. */
  cgroup?: 'host' | 'private';
}

/** Limits; absent or 0 = none. */
export interface SpecResources {
  memoryBytes?: number;
  memoryReservationBytes?: number;
  /** Memory and swap together; -1 = no limit; absent = twice the memory. */
  memorySwapBytes?: number;
  cpuShares?: number;
  cpuPeriodMicroseconds?: number;
  cpuQuotaMicroseconds?: number;
  nanoCpus?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
  pidsLimit?: number;
  kernelMemoryTcpBytes?: number;
  memorySwappiness?: number;
  oomKillDisable?: boolean;
  cpuRealtimePeriodMicroseconds?: number;
  cpuRealtimeRuntimeMicroseconds?: number;
  blockIo?: OciBlockIo;
}
