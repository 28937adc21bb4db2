import { EngineError } from '../../base/errors.ts';
import type { NetworkMode, NetworkRequest } from '../../drivers/network/network-provider.ts';
import { portsNotSupported } from '../../drivers/network/published-ports.ts';
import { chooseCapabilities } from '../../drivers/oci/capabilities.ts';
import { checkResources } from './check-resources.ts';
import type { ContainerConfig, ContainerHostConfig, ContainerWarning, CreateContainer } from './container-service.ts';
import { joinedContainer } from './namespace-modes.ts';
import { portRequests } from './port-bindings.ts';

/**
 * Refuses what cannot be, so that nothing is silently ignored.
 * @returns what is granted otherwise than asked.
 * @throws EngineError `invalid` naming the option.
 */
export function checkOptions(
  { config, hostConfig }: CreateContainer,
  { runtimes, bridgeProblem }: { runtimes: readonly string[]; bridgeProblem(): string | undefined },
): ContainerWarning[] {
  if (hostConfig.runtime && !runtimes.includes(hostConfig.runtime)) {
    throw new EngineError('invalid', `unknown or invalid runtime name: ${hostConfig.runtime}`);
  }
  checkLimits(hostConfig);
  checkRestart(hostConfig);
  const request = networkRequest(config, hostConfig) ?? { mode: 'none', ports: [] };
  return checkNetwork(request, hostConfig, bridgeProblem);
}

/** What the container asks of the network; ports only where they mean something. Undefined for one that joins another's. */
export function networkRequest(config: ContainerConfig, hostConfig: ContainerHostConfig): NetworkRequest | undefined {
  const named = networkOf(hostConfig.networkMode);
  const mode = config.networkDisabled ? 'none' : named;
  if (mode === 'container') return undefined;
  const ports = portRequests(config, hostConfig);
  if (mode !== 'bridge') return { mode, ports: [] };
  return { mode, ports, ...(config.macAddress && { macAddress: config.macAddress }) };
}

function checkNetwork(
  { mode, ports }: NetworkRequest,
  { portBindings, publishAllPorts }: ContainerHostConfig,
  bridgeProblem: () => string | undefined,
): ContainerWarning[] {
  if (mode === 'host' && (portBindings.length > 0 || publishAllPorts)) {
    return [{ message: 'Published ports are discarded when using host network mode' }];
  }
  const problem = mode === 'bridge' ? bridgeProblem() : undefined;
  if (problem === undefined) return [];
  if (ports.length > 0) throw portsNotSupported(problem);
  return [
    {
      message: `Bridge networks do not work here (${problem}): this container has a loopback interface only. Use --network host for the network of the host.`,
      reason: 'container.loopback-only',
      params: { detail: problem },
    },
  ];
}

/** What would only fail at the start, and then in the runtime's or the kernel's words. */
function checkLimits({ resources, shmSizeBytes, capabilitiesAdd, capabilitiesDrop, privileged }: ContainerHostConfig) {
  checkResources(resources);
  if (shmSizeBytes !== undefined && !(shmSizeBytes >= 0)) {
    throw new EngineError('invalid', 'SHM size can not be less than 0');
  }
  chooseCapabilities({ add: capabilitiesAdd, drop: capabilitiesDrop, privileged }, []);
}

/** @throws EngineError `invalid` in Docker's words. */
export function checkRestartPolicy({ name, maximumRetryCount }: ContainerHostConfig['restartPolicy']): void {
  if (!['', 'no', 'always', 'unless-stopped', 'on-failure'].includes(name)) {
    throw new EngineError(
      'invalid',
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  }
  if (maximumRetryCount < 0) {
    throw new EngineError('invalid', 'invalid restart policy: maximum retry count cannot be negative');
  }
  if (name !== 'on-failure' && name !== '' && maximumRetryCount > 0) {
    throw new EngineError('invalid', "invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }
}

function checkRestart({ restartPolicy, autoRemove }: ContainerHostConfig): void {
  checkRestartPolicy(restartPolicy);
  if (!autoRemove || restartPolicy.name === '' || restartPolicy.name === 'no') return;
  throw new EngineError('invalid', "can't create 'AutoRemove' container with restart policy");
}

/**
 * @throws EngineError `invalid` for a network that does not exist (not `not-found`, which clients take for the image's,
 *   and pull).
 */
export function networkOf(mode: string): NetworkMode | 'container' {
  if (mode === '' || mode === 'default' || mode === 'bridge') return 'bridge';
  if (mode === 'none' || mode === 'host') return mode;
  if (joinedContainer(mode) !== undefined) return 'container';
  throw new EngineError(
    'invalid',
    `network ${mode} not found: own networks are not supported yet, use bridge, none or host`,
  );
}
