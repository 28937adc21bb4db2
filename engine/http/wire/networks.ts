import { createHash } from 'node:crypto';
import type { NetworkInspect } from '@docker/node-sdk';
import { EngineError } from '../../base/errors.ts';
import { networkId } from '../../base/network-id.ts';
import type { ContainerDetails } from '../../services/containers/container-service.ts';
import type { NetworkService } from '../../services/networks/network-service.ts';
import type { EngineFacts } from '../../services/system/system-service.ts';
import { timeToWire } from './time.ts';

const drivers = { bridge: 'bridge', host: 'host', none: 'null' } as const;

/** Docker's name of a network mode: `default` is the bridge. */
export const networkOf = (mode: string) => (mode === 'default' || mode === '' ? 'bridge' : mode);

/** A container's place on the bridge. */
export function endpointId(containerId: string): string {
  return createHash('sha256').update(`beluga endpoint ${containerId}`).digest('hex');
}

export interface NetworksView {
  facts: Pick<EngineFacts, 'instance' | 'startedAt'>;
  bridge: ReturnType<NetworkService['bridge']>;
}

const ipamOf = (bridge: NetworksView['bridge']) => ({
  Driver: 'default',
  Options: null as never,
  Config: bridge ? [{ Subnet: bridge.subnet, Gateway: bridge.gateway }] : (null as never),
});

/** What dockerd says of its default bridge. */
function bridgeOptions(bridge: NetworksView['bridge']): Record<string, string> {
  if (!bridge) return {};
  const name = 'com.docker.network.bridge';
  return {
    [`${name}.default_bridge`]: 'true',
    [`${name}.enable_icc`]: 'true',
    [`${name}.enable_ip_masquerade`]: 'true',
    [`${name}.host_binding_ipv4`]: '0.0.0.0',
    [`${name}.name`]: bridge.name,
    'com.docker.network.driver.mtu': `${bridge.mtu}`,
  };
}

/** The networks every engine has, without their containers: lines of GET /networks. */
export function networksToWire({ facts, bridge }: NetworksView): readonly NetworkInspect[] {
  return Object.entries(drivers).map(([name, driver]) => {
    const own = name === 'bridge' ? bridge : undefined;
    return {
      Name: name,
      Id: networkId(facts.instance, name),
      Created: timeToWire(facts.startedAt),
      Scope: 'local',
      Driver: driver,
      EnableIPv4: true,
      EnableIPv6: false,
      IPAM: ipamOf(own),
      Internal: false,
      Attachable: false,
      Ingress: false,
      ConfigFrom: { Network: '' },
      ConfigOnly: false,
      Containers: {},
      Options: bridgeOptions(own),
      Labels: {},
    };
  });
}

/** The containers that are on a network now. @param running those that have a process */
export function endpointsToWire(
  network: string,
  running: readonly ContainerDetails[],
): NonNullable<NetworkInspect['Containers']> {
  const there = running.filter(
    ({ hostConfig, endpoint }) =>
      networkOf(hostConfig.networkMode) === network && (network !== 'bridge' || endpoint !== undefined),
  );
  return Object.fromEntries(
    there.map(({ id, name, endpoint }) => [
      id,
      {
        Name: name,
        EndpointID: endpointId(id),
        MacAddress: endpoint?.macAddress ?? '',
        IPv4Address: endpoint ? `${endpoint.address}/${endpoint.prefixLength}` : '',
        IPv6Address: '',
      },
    ]),
  );
}

/** Docker's filters of networks; all of ours are predefined ones, without labels, and never dangling. */
export function networkFilter(
  filters: Readonly<Record<string, readonly string[]>>,
): (network: NetworkInspect) => boolean {
  const any = (key: string, holds: (wanted: string) => boolean) => filters[key]?.some(holds) ?? true;
  for (const wanted of filters.type ?? []) {
    if (!['builtin', 'custom'].includes(wanted))
      throw new EngineError('invalid', `invalid filter: 'type'='${wanted}'`, { reason: 'request.invalid' });
  }
  return ({ Name = '', Id = '', Driver = '', Scope = '' }) =>
    any('name', (wanted) => Name.includes(wanted)) &&
    any('id', (wanted) => Id.includes(wanted)) &&
    any('driver', (wanted) => Driver === wanted) &&
    any('scope', (wanted) => Scope === wanted) &&
    any('type', (wanted) => wanted === 'builtin') &&
    any('dangling', (wanted) => ['false', '0'].includes(wanted)) &&
    any('label', () => false);
}
