import { readdirSync } from 'node:fs';
import type { RegistryServiceConfig, SystemInfo, SystemVersion } from '@docker/node-sdk';
import type { EngineCounts, EngineFacts } from '../../services/system/system-service.ts';
import { formatVersion, maximumApiVersion, minimumApiVersion } from '../api-version.ts';
import type { BelugaVersion } from '../extension-types.ts';
import { nil } from './nil.ts';

/** GET /version; `Components` is what `docker version` prints. */
export function versionToWire(facts: EngineFacts): SystemVersion {
  const apiVersion = formatVersion(maximumApiVersion);
  const minimum = formatVersion(minimumApiVersion);
  const details = {
    ApiVersion: apiVersion,
    MinAPIVersion: minimum,
    Os: 'linux',
    Arch: facts.architecture,
    KernelVersion: facts.kernel,
    Experimental: 'false',
    GitCommit: '',
    GoVersion: '',
    BuildTime: '',
  };
  return {
    Platform: { Name: 'Beluga Engine' },
    Components: [
      { Name: 'Engine', Version: facts.version, Details: { ...details, NodeVersion: process.version } },
      ...Object.entries(facts.runtimes).map(([name, { version }]) => ({
        Name: name,
        Version: version,
        Details: { GitCommit: '' },
      })),
      { Name: 'conmon', Version: facts.conmonVersion, Details: { GitCommit: '' } },
    ],
    Version: facts.version,
    ApiVersion: apiVersion,
    MinAPIVersion: minimum,
    GitCommit: '',
    GoVersion: '',
    Os: 'linux',
    Arch: facts.architecture,
    KernelVersion: facts.kernel,
    Experimental: false,
    BuildTime: '',
  };
}

/** `uname -m` for Docker's architecture names: what /info says. */
const machineOf: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64', '386': 'i686', arm: 'armv7l' };

const driverOf = { overlay: 'overlay2', 'fuse-overlayfs': 'fuse-overlayfs', vfs: 'vfs' } as const;

/** Docker's name of a snapshotter. */
export function graphDriverName(snapshotter: string): string {
  return Object.hasOwn(driverOf, snapshotter) ? driverOf[snapshotter as keyof typeof driverOf] : snapshotter;
}

const neverSet = {
  NGoroutines: 0,
  HttpProxy: '',
  HttpsProxy: '',
  NoProxy: '',
  ExperimentalBuild: false,
  Isolation: '',
  InitBinary: '',
  ContainerdCommit: { ID: '' },
  InitCommit: { ID: '' },
} as const satisfies Partial<Record<keyof SystemInfo, unknown>>;

/** In dockerd's order. */
const securityOptions = ({ appArmor, usersRemapped, cgroupVersion }: EngineFacts): string[] => [
  ...(appArmor ? ['name=apparmor'] : []),
  'name=seccomp,profile=builtin',
  ...(usersRemapped ? ['name=userns'] : []),
  ...(cgroupVersion === 2 ? ['name=cgroupns'] : []),
];

/** GET /info */
export function infoToWire(
  facts: EngineFacts,
  counts: EngineCounts,
  registryConfig: RegistryServiceConfig,
  listeners: number,
): SystemInfo {
  return {
    ...neverSet,
    GenericResources: nil,
    Labels: [...facts.labels],
    ID: facts.id,
    Containers: counts.containers,
    ContainersRunning: counts.running,
    ContainersPaused: counts.paused,
    ContainersStopped: counts.stopped,
    Images: counts.images,
    Driver: graphDriverName(facts.snapshotter),
    DriverStatus: [['Snapshotter', facts.snapshotter]],
    DockerRootDir: facts.dataRoot,
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'null'],
      Authorization: nil,
      Log: [...facts.logging.drivers],
    },
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    // a file of cgroup v1
    OomKillDisable: facts.cgroupVersion === 1,
    IPv4Forwarding: true,
    Debug: facts.debug,
    SystemTime: new Date().toISOString(),
    LoggingDriver: facts.logging.driver,
    CgroupDriver: 'cgroupfs',
    CgroupVersion: `${facts.cgroupVersion}`,
    KernelVersion: facts.kernel,
    OperatingSystem: facts.operatingSystem,
    OSType: 'linux',
    Architecture: machineOf[facts.architecture] ?? facts.architecture,
    NCPU: facts.cpus,
    MemTotal: facts.memoryBytes,
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: registryConfig,
    Name: facts.hostname,
    ServerVersion: facts.version,
    Runtimes: Object.fromEntries(Object.entries(facts.runtimes).map(([name, { path }]) => [name, { path }])),
    DefaultRuntime: facts.defaultRuntime.name,
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: nil,
    },
    LiveRestoreEnabled: facts.liveRestore,
    OSVersion: facts.operatingSystemVersion,
    NFd: readdirSync('/proc/self/fd').length,
    NEventsListener: listeners,
    RuncCommit: { ID: facts.runtimes.runc?.version ?? '' },
    SecurityOptions: securityOptions(facts),
    // nil where there are none, as in dockerd
    Warnings: facts.warnings.length > 0 ? [...facts.warnings] : nil,
  };
}

/** GET /beluga/version */
export function belugaVersionToWire(facts: EngineFacts): BelugaVersion {
  const { version, instance, rootful, dataRoot, runRoot, snapshotter, cgroupVersion, warnings } = facts;
  return {
    version,
    apiVersion: formatVersion(maximumApiVersion),
    instance,
    rootful,
    dataRoot,
    runRoot,
    snapshotter,
    runtime: { name: facts.defaultRuntime.name, version: facts.defaultRuntime.version },
    cgroupVersion,
    warnings,
  };
}
