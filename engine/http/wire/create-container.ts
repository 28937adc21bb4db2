import type { ContainerCreateRequest, HostConfig } from '@docker/node-sdk';
import { EngineError } from '../../base/errors.ts';
import { parseHealthConfig } from '../../base/health-config.ts';
import type {
  ContainerConfig,
  ContainerHostConfig,
  ContainerResources,
  CreateContainer,
  PortBinding,
} from '../../services/containers/container-service.ts';
import { type ApiVersion, isAtLeast } from '../api-version.ts';
import { endpointWishesOf, furtherConfigOf, furtherHostConfigOf, furtherResourcesOf } from './further-options.ts';
import { mountsFromWire } from './mount.ts';

/** Go's zero value is "not given". */
const given = <T>(value: T | undefined): T | undefined =>
  value === '' || value === 0 || value === false ? undefined : value;

/** A command may be one string (strslice.StrSlice). */
const words = (value: readonly string[] | string | undefined) => (typeof value === 'string' ? [value] : value);

/** Keeps the properties that have a value. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never;
}

/** What a container is asked to be. */
export function configOf(body: ContainerCreateRequest): ContainerConfig {
  const command = words(body.Cmd);
  return {
    image: body.Image ?? '',
    environment: body.Env ?? [],
    labels: body.Labels ?? {},
    terminal: body.Tty ?? false,
    openStdin: body.OpenStdin ?? false,
    stdinOnce: body.StdinOnce ?? false,
    attachStdin: body.AttachStdin ?? false,
    attachStdout: body.AttachStdout ?? false,
    attachStderr: body.AttachStderr ?? false,
    exposedPorts: Object.keys(body.ExposedPorts ?? {}),
    volumes: Object.keys(body.Volumes ?? {}),
    ...(defined({
      command: command?.length ? command : undefined,
      entrypoint: words(body.Entrypoint),
      workingDirectory: given(body.WorkingDir),
      user: given(body.User),
      hostname: given(body.Hostname),
      domainname: given(body.Domainname),
      stopSignal: given(body.StopSignal ?? undefined),
      stopTimeoutSeconds: body.StopTimeout ?? undefined,
      healthCheck: parseHealthConfig(body.Healthcheck),
      shell: body.Shell?.length ? body.Shell : undefined,
    }) as Partial<ContainerConfig>),
    ...furtherConfigOf(body),
  };
}

/** The limits of a HostConfig; Go's zero values are no limits. */
export function resourcesOf(host: HostConfig, version: ApiVersion): ContainerResources {
  const { kernelMemoryBytes, ...further } = furtherResourcesOf(host);
  return defined({
    memoryBytes: given(host.Memory),
    memoryReservationBytes: given(host.MemoryReservation),
    memorySwapBytes: given(host.MemorySwap),
    cpuShares: given(host.CpuShares),
    cpuPeriodMicroseconds: given(host.CpuPeriod),
    cpuQuotaMicroseconds: given(host.CpuQuota),
    nanoCpus: given(host.NanoCpus),
    cpusetCpus: given(host.CpusetCpus),
    cpusetMems: given(host.CpusetMems),
    pidsLimit: given(host.PidsLimit ?? undefined),
    ...further,
    // dockerd forgets the field from 1.42 on
    ...(!isAtLeast(version, [1, 42]) && { kernelMemoryBytes }),
  });
}

function portBindingsOf({ PortBindings }: HostConfig): PortBinding[] {
  return Object.entries(PortBindings ?? {}).flatMap(([port, bindings]) =>
    (bindings ?? []).map(({ HostIp, HostPort }) => ({ port, hostAddress: HostIp ?? '', hostPort: HostPort ?? '' })),
  );
}

function hostConfigOf(host: HostConfig, version: ApiVersion): ContainerHostConfig {
  return {
    networkMode: host.NetworkMode || 'default',
    portBindings: portBindingsOf(host),
    publishAllPorts: host.PublishAllPorts ?? false,
    autoRemove: host.AutoRemove ?? false,
    privileged: host.Privileged ?? false,
    readonlyRootfs: host.ReadonlyRootfs ?? false,
    binds: host.Binds ?? [],
    tmpfs: host.Tmpfs ?? {},
    mounts: mountsFromWire(host.Mounts ?? [], version),
    capabilitiesAdd: host.CapAdd ?? [],
    capabilitiesDrop: host.CapDrop ?? [],
    securityOptions: host.SecurityOpt ?? [],
    extraHosts: host.ExtraHosts ?? [],
    dns: host.Dns ?? [],
    dnsSearch: host.DnsSearch ?? [],
    dnsOptions: host.DnsOptions ?? [],
    groupsAdd: host.GroupAdd ?? [],
    sysctls: host.Sysctls ?? {},
    ulimits: (host.Ulimits ?? []).map(({ Name = '', Soft = 0, Hard = 0 }) => ({ name: Name, soft: Soft, hard: Hard })),
    restartPolicy: {
      name: host.RestartPolicy?.Name || 'no',
      maximumRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0,
    },
    logDriver: host.LogConfig?.Type ?? '',
    logOptions: host.LogConfig?.Config ?? {},
    resources: resourcesOf(host, version),
    ...(defined({
      init: host.Init ?? undefined,
      runtime: given(host.Runtime ?? undefined),
      volumesFrom: host.VolumesFrom?.length ? host.VolumesFrom : undefined,
      volumeDriver: given(host.VolumeDriver),
      shallowReadOnly: given(!isAtLeast(version, [1, 44])),
      shmSizeBytes: given(host.ShmSize),
      oomScoreAdjust: given(host.OomScoreAdj),
    }) as Partial<ContainerHostConfig>),
    ...furtherHostConfigOf(host),
  };
}

const macAddressMoved =
  'The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.';

/**
 * Body of POST /containers/create in our words. Before API 1.25 the client removed a container after its run itself.
 * @throws EngineError `invalid` (`request.invalid`) naming the field.
 */
export function createContainerFromWire(
  body: ContainerCreateRequest,
  { name, platform }: { name: string | null; platform?: string | null },
  version: ApiVersion,
): CreateContainer {
  if (!Object.keys(body).some((key) => key !== 'HostConfig' && key !== 'NetworkingConfig')) {
    throw new EngineError('invalid', 'config cannot be empty in order to create a container', {
      reason: 'request.invalid',
    });
  }
  const hostConfig = hostConfigOf(body.HostConfig ?? {}, version);
  const bare = name?.replace(/^\//, '');
  return {
    ...(bare && { name: bare }),
    ...(platform && { platform }),
    config: configOf(body),
    hostConfig: isAtLeast(version, [1, 25]) ? hostConfig : { ...hostConfig, autoRemove: false },
    endpoints: endpointWishesOf(body),
    ...(body.MacAddress && isAtLeast(version, [1, 44]) && { deprecations: [macAddressMoved] }),
  };
}
