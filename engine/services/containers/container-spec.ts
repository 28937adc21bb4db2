import path from 'node:path';
import type { OciMount, OciSpec } from '../../drivers/oci/oci-spec.ts';
import { buildSpec } from '../../drivers/oci/spec-builder.ts';
import type { SpecHost } from '../../drivers/oci/spec-host.ts';
import type { SpecRequest } from '../../drivers/oci/spec-request.ts';
import { lookUpUser } from '../../drivers/oci/user-lookup.ts';
import { cgroupPath } from './container-cgroups.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerHostConfig } from './container-service.ts';
import { blockIoOf, devicesOf } from './device-options.ts';
import type { HostFiles } from './host-files.ts';
import { requireInit } from './init-program.ts';
import { withLinkEnvironment } from './link-environment.ts';
import { processEnvironment } from './merge-config.ts';
import type { BroughtMounts } from './mounts/mount-sources.ts';
import { securityOf } from './security-options.ts';

/** Where a container's spec points to. */
export interface SpecPlaces {
  /** Mounted root filesystem. */
  rootfs: string;
  /** Directories of VOLUMEs in it, of a container of Beluga 0.1, by their paths in the container; without symlinks. */
  volumes: ReadonlyMap<string, string>;
  /** Of the user, ready to be mounted. */
  mounted: BroughtMounts;
  files: HostFiles;
  namespacePath: string | 'host';
  /** What it shares with others. */
  shared: Pick<SpecRequest, 'namespaces' | 'sharedMemory' | 'userNamespace'>;
  /** Variables of its links. */
  linkEnvironment: readonly string[];
  instance: string;
  host: SpecHost;
}

/**
 * The OCI runtime spec of a container, for its next start.
 * @throws EngineError `invalid` for an unknown user, capability or limit.
 */
export function specOf({ id, fixed }: ContainerRecord, places: SpecPlaces): { spec: OciSpec; warnings: string[] } {
  const { config, hostConfig: host } = fixed;
  const asked = places.mounted.mounts;
  const mounts = [
    ...fileMounts(places.files, host.readonlyRootfs),
    ...(host.readonlyRootfs ? volumeMounts(places, asked) : []),
    ...asked,
  ];
  const built = buildSpec(
    {
      ...securityOf(host.securityOptions),
      args: [fixed.path, ...fixed.args],
      ...places.shared,
      ...furtherParts(host),
      environment: withLinkEnvironment(places.linkEnvironment, processEnvironment(config)),
      workingDirectory: config.workingDirectory ?? '/',
      user: lookUpUser(places.rootfs, config.user ?? '', host.groupsAdd),
      hostname: config.hostname ?? '',
      ...(config.domainname !== undefined && { domainname: config.domainname }),
      rootfs: { path: places.rootfs, readonly: host.readonlyRootfs },
      terminal: config.terminal,
      mounts: lastOfEachTarget(mounts),
      network: places.namespacePath,
      cgroupsPath: cgroupPath(places.instance, id, host.cgroupParent),
      resources: resourcesOf(host),
      capabilitiesAdd: host.capabilitiesAdd,
      capabilitiesDrop: host.capabilitiesDrop,
      privileged: host.privileged,
      ulimits: host.ulimits,
      sysctls: host.sysctls,
      ...(host.oomScoreAdjust !== undefined && { oomScoreAdjust: host.oomScoreAdjust }),
      ...(host.shmSizeBytes !== undefined && { shmSizeBytes: host.shmSizeBytes }),
    },
    places.host,
  );
  const { rootPropagation } = places.mounted;
  if (rootPropagation) built.spec.linux.rootfsPropagation = rootPropagation;
  return built;
}

/** An update has left -1 where there is no limit of processes any more, which crun does not take. */
function resourcesOf({ resources }: ContainerHostConfig): SpecRequest['resources'] {
  const { pidsLimit = 0, ...limits } = resources;
  const blockIo = blockIoOf(resources);
  return { ...limits, ...(pidsLimit > 0 && { pidsLimit }), ...(blockIo && { blockIo }) };
}

/** @throws EngineError for devices that are not there, and where the program of `--init` is not installed. */
function furtherParts(host: ContainerHostConfig): Partial<SpecRequest> {
  const { maskedPaths, readonlyPaths, annotations, consoleSize, privileged } = host;
  // dockerd leaves every path open to a privileged container
  const paths = privileged ? {} : { ...(maskedPaths && { maskedPaths }), ...(readonlyPaths && { readonlyPaths }) };
  return {
    ...paths,
    devices: devicesOf(host),
    ...(annotations && { annotations }),
    ...(consoleSize && { consoleSize }),
    // in somebody else's pid namespace it would not be the first process
    ...(host.init && host.pidMode === undefined && { init: requireInit() }),
  };
}

function fileMounts(files: HostFiles, readOnly: boolean): OciMount[] {
  const options = ['rbind', 'rprivate', readOnly ? 'ro' : 'rw'];
  return [
    { destination: '/etc/resolv.conf', type: 'bind', source: files.resolvConf, options },
    { destination: '/etc/hostname', type: 'bind', source: files.hostname, options },
    { destination: '/etc/hosts', type: 'bind', source: files.hosts, options },
  ];
}

const isBelow = (target: string, above: string) => target === above || target.startsWith(`${above}/`);

/**
 * Of a container of Beluga 0.1: a VOLUME is written to also where the root filesystem is read-only. The directory of the
 * container's own layer is mounted on itself. What the user mounts there, or above it, is as the user said.
 */
function volumeMounts({ rootfs, volumes }: SpecPlaces, asked: readonly OciMount[]): OciMount[] {
  return [...volumes].flatMap(([volume, source]) => {
    const destination = path.posix.resolve('/', volume);
    if (!source.startsWith(`${rootfs}/`) || asked.some((mount) => isBelow(destination, mount.destination))) return [];
    return [{ destination, type: 'bind', source, options: ['rbind', 'rprivate', 'rw'] }];
  });
}

/** A mount of the user's own on /etc/hosts and the like goes before ours. */
const lastOfEachTarget = (mounts: readonly OciMount[]) => [
  ...new Map(mounts.map((mount) => [mount.destination, mount])).values(),
];
