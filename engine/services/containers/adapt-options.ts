import type { CgroupSupport } from '../../drivers/oci/cgroup-support.ts';
import { hostWarnings, maskedPaths, readonlyPaths } from '../../drivers/oci/spec-builder.ts';
import type { SpecHost } from '../../drivers/oci/spec-host.ts';
import type { ContainerHostConfig, ContainerWarning, CreateContainer } from './container-service.ts';
import { checkDevices } from './device-options.ts';
import { fitResources } from './fit-resources.ts';
import { requireInit } from './init-program.ts';
import { type LinkTargets, resolveLinks } from './links.ts';
import { checkNamespaceModes, modesById } from './namespace-modes.ts';
import { checkConflicts, checkEndpoints, checkMacAddress, checkValues } from './option-conflicts.ts';
import { checkRemapped, type Remapping } from './remapping.ts';

export interface AdaptDependencies {
  targets: LinkTargets;
  /** Undefined where no container can run. */
  host(): { support: CgroupSupport; spec: SpecHost } | undefined;
  remapping: Remapping | undefined;
}

type Adapted = Pick<CreateContainer, 'config' | 'hostConfig'> & { warnings: ContainerWarning[] };

/**
 * What is asked as it will be kept: other containers by their ids, defaults filled in, limits as this host can keep them
 * (moby, `verifyContainerSettings` and `adaptContainerSettings`).
 * @returns with what is granted otherwise than asked
 * @throws EngineError `invalid` in Docker's words.
 */
export function adaptOptions(request: CreateContainer, { targets, host: look, remapping }: AdaptDependencies): Adapted {
  const { macAddress, warnings: endpointWarnings } = checkEndpoints(
    request.endpoints ?? [],
    request.hostConfig.networkMode,
  );
  const mac = macAddress ?? request.config.macAddress;
  const config = { ...request.config, ...(mac !== undefined && { macAddress: checkMacAddress(mac) }) };
  checkConflicts({ ...request, config });
  checkValues(request);
  checkNamespaceModes(request.hostConfig);
  checkRemapped(request.hostConfig, remapping);
  checkDevices(request.hostConfig);
  if (request.hostConfig.init && request.hostConfig.pidMode === undefined) requireInit();
  const host = look();
  const modes = modesById(request.hostConfig, (name) => targets.find(name)?.id);
  const links = resolveLinks(modes, targets);
  const { pidsLimit = 0, ...limits } = modes.resources;
  const asked = { oomKillDisable: false, ...limits, ...(pidsLimit > 0 && { pidsLimit }) };
  const { resources, warnings } = fitResources(asked, host?.support);
  const hostConfig = { ...modes, ...(links && { links }), resources, ...defaultsOf(modes, host?.spec) };
  const all = [
    ...(request.deprecations ?? []),
    ...endpointWarnings,
    ...warnings,
    ...(host ? hostWarnings(hostConfig, host.spec) : []),
  ];
  return { config, hostConfig, warnings: all.map((message) => ({ message })) };
}

type Defaults = Partial<
  Pick<ContainerHostConfig, 'ipcMode' | 'cgroupnsMode' | 'maskedPaths' | 'readonlyPaths' | 'securityOptions'>
>;

function defaultsOf(asked: ContainerHostConfig, host: SpecHost | undefined): Defaults {
  const { privileged, securityOptions, ipcMode, pidMode } = asked;
  const ownPaths = privileged ? {} : { maskedPaths, readonlyPaths };
  const cgroupnsMode = asked.cgroupnsMode ?? (host && (host.cgroupVersion === 2 ? 'private' : 'host'));
  const { maskedPaths: masked, readonlyPaths: readonly } = asked;
  // dockerd's word for a container that shares with the host, unless the user has one of his own
  const unlabelled =
    (privileged || ipcMode === 'host' || pidMode === 'host') &&
    !securityOptions.some((option) => option.split(/[=:]/, 1)[0] === 'label');
  return {
    ipcMode: ipcMode ?? 'private',
    ...(cgroupnsMode && { cgroupnsMode }),
    ...ownPaths,
    ...(masked && { maskedPaths: masked }),
    ...(readonly && { readonlyPaths: readonly }),
    ...(unlabelled && { securityOptions: [...securityOptions, 'label=disable'] }),
  };
}
