import type {
  ContainerInspectResponse,
  ContainerSummary,
  EndpointSettings,
  HostConfig,
  ContainerConfig as WireConfig,
} from '@docker/node-sdk';
import { healthConfigJson } from '../../base/health-config.ts';
import { networkId } from '../../base/network-id.ts';
import type {
  ContainerConfig,
  ContainerDetails,
  ContainerHostConfig,
} from '../../services/containers/container-service.ts';
import type { EngineFacts } from '../../services/system/system-service.ts';
import type { BelugaState } from '../extension-types.ts';
import { furtherConfigToWire, furtherHostConfigToWire } from './further-options.ts';
import { healthToWire, healthWords } from './health.ts';
import { mountPointsToWire, requestedMountsToWire } from './mount.ts';
import { endpointId, networkOf } from './networks.ts';
import { listOrNil, nil } from './nil.ts';
import { portBindingsToWire, portMapToWire, portSummariesToWire } from './ports.ts';
import { graphDriverName } from './system.ts';
import { humanDuration, timeToWire } from './time.ts';

const emptySet = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, {}]));

/** The one that was asked for until there is an endpoint; none after its end. */
function macAddressOf({ endpoint, state, config }: ContainerDetails): string {
  return endpoint?.macAddress ?? (state === 'created' ? config.macAddress : undefined) ?? '';
}

function endpointsOf(container: ContainerDetails, instance: string): Record<string, EndpointSettings> {
  const name = networkOf(container.hostConfig.networkMode);
  const { endpoint } = container;
  if (container.hostConfig.networkMode.startsWith('container:') || container.config.networkDisabled) return {};
  // the networks without addresses have endpoints too
  const hasEndpoint = endpoint !== undefined || (name !== 'bridge' && container.pid > 0);
  const nothing = {
    IPAMConfig: null,
    Links: nil,
    Aliases: nil,
    MacAddress: macAddressOf(container),
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: networkId(instance, name),
    EndpointID: hasEndpoint ? endpointId(container.id) : '',
    Gateway: endpoint?.gateway ?? '',
    IPAddress: endpoint?.address ?? '',
    IPPrefixLen: endpoint?.prefixLength ?? 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: nil,
  };
  return { [name]: nothing };
}

/** The words of `docker ps` (moby `container.State.String`). `now` in milliseconds since the epoch. */
export function statusWords(container: ContainerDetails, now: number): string {
  const { state, startedAt, finishedAt, exitCode } = container;
  const since = (time: Date | undefined) => humanDuration(now - (time?.getTime() ?? now));
  switch (state) {
    case 'running':
      return `Up ${since(startedAt)}${healthWords(container.health)}`;
    case 'paused':
      return `Up ${since(startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${exitCode}) ${since(finishedAt)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    default:
      if (!startedAt || state === 'created') return 'Created';
      return finishedAt ? `Exited (${exitCode}) ${since(finishedAt)} ago` : '';
  }
}

/** As moby's `Container.Command`: quotes only where a word has a space. */
function commandLine({ path, args }: ContainerDetails): string {
  return [path, ...args.map((word) => (word.includes(' ') ? `'${word}'` : word))].join(' ');
}

const sizesOf = ({ sizes }: ContainerDetails) => sizes && { SizeRw: sizes.writable, SizeRootFs: sizes.root };

/** A line of GET /containers/json. */
export function containerSummaryToWire(
  container: ContainerDetails,
  instance: string,
  now = Date.now(),
): ContainerSummary {
  return {
    Id: container.id,
    Names: [...(container.linkedAs ?? []).map((link) => `/${link}`), `/${container.name}`],
    Image: container.config.image,
    ImageID: container.imageId,
    Command: commandLine(container),
    Created: Math.floor(container.createdAt.getTime() / 1000),
    Ports: portSummariesToWire(container),
    Labels: { ...container.config.labels },
    State: container.state,
    Status: statusWords(container, now),
    HostConfig: { NetworkMode: networkOf(container.hostConfig.networkMode) },
    NetworkSettings: { Networks: endpointsOf(container, instance) },
    Mounts: mountPointsToWire(container.mounts),
    ...sizesOf(container),
    // Go leaves out what is 0 here
    ...(container.sizes?.writable === 0 && { SizeRw: undefined }),
  };
}

function configToWire({ id, config }: ContainerDetails): WireConfig {
  const c: ContainerConfig = config;
  return {
    Hostname: c.hostname ?? id.slice(0, 12),
    Domainname: c.domainname ?? '',
    User: c.user ?? '',
    AttachStdin: c.attachStdin,
    AttachStdout: c.attachStdout,
    AttachStderr: c.attachStderr,
    ...(c.exposedPorts.length > 0 && { ExposedPorts: emptySet(c.exposedPorts) }),
    Tty: c.terminal,
    OpenStdin: c.openStdin,
    StdinOnce: c.stdinOnce,
    Env: [...c.environment],
    Cmd: listOrNil(c.command),
    Image: c.image,
    Volumes: c.volumes.length > 0 ? emptySet(c.volumes) : nil,
    WorkingDir: c.workingDirectory ?? '',
    Entrypoint: listOrNil(c.entrypoint),
    OnBuild: null,
    Labels: { ...c.labels },
    ...(c.stopSignal !== undefined && { StopSignal: c.stopSignal }),
    ...(c.stopTimeoutSeconds !== undefined && { StopTimeout: c.stopTimeoutSeconds }),
    ...furtherConfigToWire(c),
    ...(c.healthCheck && { Healthcheck: healthConfigJson(c.healthCheck) }),
    ...(c.shell && { Shell: [...c.shell] }),
  };
}

const filledOrNil = (list: readonly string[]) => listOrNil(list.length > 0 ? list : undefined);

function resourcesToWire({ resources: r, ulimits }: ContainerHostConfig): HostConfig {
  return {
    CpuShares: r.cpuShares ?? 0,
    Memory: r.memoryBytes ?? 0,
    NanoCpus: r.nanoCpus ?? 0,
    CpuPeriod: r.cpuPeriodMicroseconds ?? 0,
    CpuQuota: r.cpuQuotaMicroseconds ?? 0,
    CpusetCpus: r.cpusetCpus ?? '',
    CpusetMems: r.cpusetMems ?? '',
    MemoryReservation: r.memoryReservationBytes ?? 0,
    // as it is in force
    MemorySwap: r.memorySwapBytes ?? (r.memoryBytes ?? 0) * 2,
    PidsLimit: r.pidsLimit === undefined ? null : Math.max(0, r.pidsLimit),
    Ulimits: ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}

function hostConfigToWire(container: ContainerDetails, cgroupVersion: 1 | 2): HostConfig {
  const { hostConfig: h, runtime } = container;
  return {
    Binds: filledOrNil(h.binds),
    LogConfig: { Type: h.logDriver as 'json-file', Config: { ...h.logOptions } },
    NetworkMode: networkOf(h.networkMode),
    PortBindings: portBindingsToWire({ hostConfig: h }),
    RestartPolicy: { Name: h.restartPolicy.name as 'no', MaximumRetryCount: h.restartPolicy.maximumRetryCount },
    AutoRemove: h.autoRemove,
    VolumeDriver: h.volumeDriver ?? '',
    VolumesFrom: listOrNil(h.volumesFrom),
    CapAdd: filledOrNil(h.capabilitiesAdd),
    CapDrop: filledOrNil(h.capabilitiesDrop),
    // as the containers are made: private where the kernel has one tree
    CgroupnsMode: cgroupVersion === 2 ? 'private' : 'host',
    Dns: [...h.dns],
    DnsOptions: [...h.dnsOptions],
    DnsSearch: [...h.dnsSearch],
    ExtraHosts: filledOrNil(h.extraHosts),
    GroupAdd: filledOrNil(h.groupsAdd),
    OomScoreAdj: h.oomScoreAdjust ?? 0,
    Privileged: h.privileged,
    PublishAllPorts: h.publishAllPorts,
    ReadonlyRootfs: h.readonlyRootfs,
    SecurityOpt: filledOrNil(h.securityOptions),
    ...(Object.keys(h.tmpfs).length > 0 && { Tmpfs: { ...h.tmpfs } }),
    ...(h.mounts.length > 0 && { Mounts: requestedMountsToWire(h.mounts) }),
    ShmSize: h.shmSizeBytes ?? 64 * 1024 * 1024,
    ...(Object.keys(h.sysctls).length > 0 && { Sysctls: { ...h.sysctls } }),
    Runtime: runtime,
    ...(h.init !== undefined && { Init: h.init }),
    ...resourcesToWire(h),
    ...furtherHostConfigToWire(container),
  };
}

/** GET /containers/{id}/json */
export function containerToWire(
  container: ContainerDetails,
  { instance, cgroupVersion }: Pick<EngineFacts, 'instance' | 'cgroupVersion'>,
  execIds: readonly string[] = [],
): ContainerInspectResponse {
  const { state } = container;
  return {
    Id: container.id,
    Created: timeToWire(container.createdAt),
    Path: container.path,
    Args: [...container.args],
    State: {
      Status: state,
      Running: state === 'running' || state === 'paused' || state === 'restarting',
      Paused: state === 'paused',
      Restarting: state === 'restarting',
      OOMKilled: container.oomKilled,
      Dead: state === 'dead',
      Pid: container.pid,
      ExitCode: container.exitCode,
      Error: container.error,
      ...(container.failure && ({ BelugaFailure: container.failure } satisfies BelugaState)),
      StartedAt: timeToWire(container.startedAt),
      FinishedAt: timeToWire(container.finishedAt),
      ...(container.health && { Health: healthToWire(container.health) }),
    },
    Image: container.imageId,
    ResolvConfPath: container.paths.resolvConf,
    HostnamePath: container.paths.hostname,
    HostsPath: container.paths.hosts,
    LogPath: container.paths.log,
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: graphDriverName(container.snapshotter),
    Platform: container.platform,
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: container.appArmorProfile ?? '',
    ExecIDs: filledOrNil(execIds),
    HostConfig: hostConfigToWire(container, cgroupVersion),
    GraphDriver: { Name: graphDriverName(container.snapshotter), Data: { MergedDir: container.paths.rootfs } },
    ...sizesOf(container),
    Mounts: mountPointsToWire(container.mounts),
    Config: configToWire(container),
    NetworkSettings: {
      Bridge: '',
      SandboxID: '',
      SandboxKey: '',
      HairpinMode: false,
      LinkLocalIPv6Address: '',
      LinkLocalIPv6PrefixLen: 0,
      Ports: portMapToWire(container),
      SecondaryIPAddresses: null,
      SecondaryIPv6Addresses: null,
      EndpointID: container.endpoint ? endpointId(container.id) : '',
      Gateway: container.endpoint?.gateway ?? '',
      GlobalIPv6Address: '',
      GlobalIPv6PrefixLen: 0,
      IPAddress: container.endpoint?.address ?? '',
      IPPrefixLen: container.endpoint?.prefixLength ?? 0,
      IPv6Gateway: '',
      MacAddress: macAddressOf(container),
      Networks: endpointsOf(container, instance),
    },
  };
}
