import type { ContainerCreateRequest, HostConfig, ContainerConfig as WireConfig } from '@docker/node-sdk';
import { EngineError } from '../../base/errors.ts';
import type {
  ContainerDetails,
  DeviceRate,
  EndpointWishes,
  FurtherConfig,
  FurtherHostConfig,
  FurtherResources,
} from '../../services/containers/container-service.ts';
import { listOrNil, nil } from './nil.ts';

type Rates = HostConfig['BlkioDeviceReadBps'];

/** Keeps what has a value; Go's zero value is "not given". */
function given<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const empty = (item: unknown) =>
    item === undefined || item === '' || item === 0 || item === false || (Array.isArray(item) && item.length === 0);
  return Object.fromEntries(Object.entries(value).filter(([, item]) => !empty(item))) as never;
}

const rates = (list: Rates): DeviceRate[] =>
  (list ?? []).map(({ Path = '', Rate = 0 }) => ({ path: Path, value: Rate }));

export function furtherConfigOf(body: ContainerCreateRequest): FurtherConfig {
  return given({
    networkDisabled: body.NetworkDisabled,
    macAddress: body.MacAddress,
    shell: body.Shell,
    argsEscaped: body.ArgsEscaped,
  }) as FurtherConfig;
}

/** `name:alias` or `name`; `/name:/parent/alias` of old clients. */
function linkOf(text: string): { name: string; alias: string } {
  const [name = '', given, ...more] = text.split(':');
  const alias = (given ?? name).split('/').at(-1) ?? '';
  if (more.length > 0 || name === '' || alias === '') throw new EngineError('invalid', `bad format for links: ${text}`);
  return { name: name.replace(/^\//, ''), alias };
}

export function furtherHostConfigOf(host: HostConfig): FurtherHostConfig {
  const [rows = 0, columns = 0] = host.ConsoleSize ?? [];
  const inert = given({
    isolation: host.Isolation,
    containerIdFile: host.ContainerIDFile,
    cgroup: host.Cgroup,
    cpuCount: host.CpuCount,
  });
  return {
    ...(given({
      pidMode: host.PidMode,
      ipcMode: host.IpcMode,
      utsMode: host.UTSMode,
      usernsMode: host.UsernsMode,
      cgroupnsMode: host.CgroupnsMode,
      cgroupParent: host.CgroupParent,
      devices: (host.Devices ?? []).map(({ PathOnHost = '', PathInContainer = '', CgroupPermissions = '' }) => ({
        pathOnHost: PathOnHost,
        pathInContainer: PathInContainer,
        permissions: CgroupPermissions,
      })),
      deviceCgroupRules: host.DeviceCgroupRules,
      deviceRequests: (host.DeviceRequests ?? []).map(({ Driver, Count, DeviceIDs, Capabilities, Options }) => ({
        driver: Driver ?? '',
        count: Count ?? 0,
        ...(DeviceIDs && { deviceIds: DeviceIDs }),
        ...(Capabilities && { capabilities: Capabilities }),
        ...(Options && { options: Options }),
      })),
      links: host.Links?.map(linkOf),
    }) as FurtherHostConfig),
    // an empty list is a wish of its own: nothing masked, nothing read-only
    ...(host.MaskedPaths && { maskedPaths: host.MaskedPaths }),
    ...(host.ReadonlyPaths && { readonlyPaths: host.ReadonlyPaths }),
    ...(host.Annotations && { annotations: host.Annotations }),
    ...(Object.keys(host.StorageOpt ?? {}).length > 0 && { storageOptions: host.StorageOpt as Record<string, string> }),
    ...(rows > 0 && columns > 0 && { consoleSize: [rows, columns] as const }),
    ...(Object.keys(inert).length > 0 && { inert }),
  };
}

export function furtherResourcesOf(host: HostConfig): FurtherResources {
  const swappiness = host.MemorySwappiness;
  return {
    ...(given({
      kernelMemoryTcpBytes: host.KernelMemoryTCP,
      cpuRealtimePeriodMicroseconds: host.CpuRealtimePeriod,
      cpuRealtimeRuntimeMicroseconds: host.CpuRealtimeRuntime,
      blockWeight: host.BlkioWeight,
      blockWeightDevices: (host.BlkioWeightDevice ?? []).map(({ Path = '', Weight = 0 }) => ({
        path: Path,
        value: Weight,
      })),
      blockReadBytes: rates(host.BlkioDeviceReadBps),
      blockWriteBytes: rates(host.BlkioDeviceWriteBps),
      blockReadOperations: rates(host.BlkioDeviceReadIOps),
      blockWriteOperations: rates(host.BlkioDeviceWriteIOps),
      cpuPercent: host.CpuPercent,
      ioMaximumBandwidth: host.IOMaximumBandwidth,
      ioMaximumOperations: host.IOMaximumIOps,
      // gone from the SDK's types with API 1.42
      kernelMemoryBytes: (host as { KernelMemory?: number }).KernelMemory,
    }) as FurtherResources),
    // 0 is a value here, -1 none
    ...(typeof swappiness === 'number' && swappiness !== -1 && { memorySwappiness: swappiness }),
    ...(host.OomKillDisable && { oomKillDisable: true }),
  };
}

/** The networks of a create, each with what it is asked for. */
export function endpointWishesOf(body: ContainerCreateRequest): EndpointWishes[] {
  return Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {}).map(([network, endpoint]) => {
    const { IPv4Address, IPv6Address, LinkLocalIPs } = endpoint.IPAMConfig ?? {};
    return {
      network,
      aliases: endpoint.Aliases ?? [],
      addresses: Boolean(IPv4Address || IPv6Address || LinkLocalIPs?.length),
      links: endpoint.Links ?? [],
      driverOptions: Object.keys(endpoint.DriverOpts ?? {}),
      ...(endpoint.MacAddress && { macAddress: endpoint.MacAddress }),
    };
  });
}

const ratesToWire = (list: readonly DeviceRate[] = []) => list.map(({ path, value }) => ({ Path: path, Rate: value }));
const optional = <T>(list: readonly T[] | undefined): T[] => (list?.length ? [...list] : nil);

/** The limits that `furtherResourcesOf` reads, as dockerd shows them. */
export function furtherResourcesToWire(r: FurtherResources): HostConfig {
  return {
    BlkioWeight: r.blockWeight ?? 0,
    BlkioWeightDevice: (r.blockWeightDevices ?? []).map(({ path, value }) => ({ Path: path, Weight: value })),
    BlkioDeviceReadBps: ratesToWire(r.blockReadBytes),
    BlkioDeviceWriteBps: ratesToWire(r.blockWriteBytes),
    BlkioDeviceReadIOps: ratesToWire(r.blockReadOperations),
    BlkioDeviceWriteIOps: ratesToWire(r.blockWriteOperations),
    CpuRealtimePeriod: r.cpuRealtimePeriodMicroseconds ?? 0,
    CpuRealtimeRuntime: r.cpuRealtimeRuntimeMicroseconds ?? 0,
    ...(r.kernelMemoryTcpBytes && { KernelMemoryTCP: r.kernelMemoryTcpBytes }),
    MemorySwappiness: r.memorySwappiness ?? nil,
    OomKillDisable: r.oomKillDisable ?? nil,
  };
}

/** What `furtherHostConfigOf` reads, as dockerd shows it. */
export function furtherHostConfigToWire({ hostConfig: h, name, links }: ContainerDetails): HostConfig {
  return {
    PidMode: h.pidMode ?? '',
    IpcMode: (h.ipcMode ?? 'private') as 'private',
    UTSMode: h.utsMode ?? '',
    UsernsMode: h.usernsMode ?? '',
    ...(h.cgroupnsMode && { CgroupnsMode: h.cgroupnsMode as 'private' }),
    CgroupParent: h.cgroupParent ?? '',
    Devices: (h.devices ?? []).map(({ pathOnHost, pathInContainer, permissions }) => ({
      PathOnHost: pathOnHost,
      PathInContainer: pathInContainer,
      CgroupPermissions: permissions,
    })),
    DeviceCgroupRules: optional(h.deviceCgroupRules),
    DeviceRequests: optional(
      h.deviceRequests?.map(({ driver, count, deviceIds, capabilities, options }) => ({
        Driver: driver,
        Count: count,
        DeviceIDs: listOrNil(deviceIds),
        Capabilities: capabilities ? capabilities.map((all) => [...all]) : nil,
        Options: options ? { ...options } : nil,
      })),
    ),
    Links: optional(links?.map(({ container, alias }) => `/${container}:/${name}/${alias}`)),
    MaskedPaths: listOrNil(h.maskedPaths),
    ReadonlyPaths: listOrNil(h.readonlyPaths),
    ...(h.annotations && Object.keys(h.annotations).length > 0 && { Annotations: { ...h.annotations } }),
    ...(h.storageOptions && { StorageOpt: { ...h.storageOptions } }),
    ConsoleSize: h.consoleSize ? [...h.consoleSize] : [0, 0],
    ContainerIDFile: h.inert?.containerIdFile ?? '',
    Cgroup: h.inert?.cgroup ?? '',
    Isolation: (h.inert?.isolation ?? '') as '',
    CpuCount: h.inert?.cpuCount ?? 0,
    ...furtherResourcesToWire(h.resources),
  };
}

export function furtherConfigToWire(c: FurtherConfig): WireConfig {
  return {
    ...(c.networkDisabled && { NetworkDisabled: true }),
    ...(c.macAddress && { MacAddress: c.macAddress }),
    ...(c.shell && { Shell: [...c.shell] }),
    ...(c.argsEscaped && { ArgsEscaped: true }),
  };
}
