import type { ContainerSummary, HostConfig } from '@docker/node-sdk';
import type { ContainerDetails } from '../../services/containers/container-service.ts';

type PortMap = NonNullable<HostConfig['PortBindings']>;

/** `80/tcp`; a port without a protocol is of tcp. */
const withProtocol = (port: string) => (port.includes('/') ? port : `${port}/tcp`);

/** Groups by container port, in the order of their first mention. */
function grouped<T>(items: readonly T[], portOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(portOf(item), [...(groups.get(portOf(item)) ?? []), item]);
  return groups;
}

/** `HostConfig.PortBindings`: what was asked. */
export function portBindingsToWire({ hostConfig: { portBindings } }: Pick<ContainerDetails, 'hostConfig'>): PortMap {
  const groups = grouped(portBindings, ({ port }) => withProtocol(port));
  return Object.fromEntries(
    [...groups].map(([port, list]) => [
      port,
      list.map(({ hostAddress, hostPort }) => ({ HostIp: hostAddress, HostPort: hostPort })),
    ]),
  );
}

/** `NetworkSettings.Ports`: what is there while it runs on the bridge; null for what is exposed only. */
export function portMapToWire({ endpoint, config }: Pick<ContainerDetails, 'endpoint' | 'config'>): PortMap {
  if (!endpoint) return {};
  const groups = grouped(endpoint.ports, ({ containerPort, protocol }) => `${containerPort}/${protocol}`);
  const exposed = config.exposedPorts.map(withProtocol).filter((port) => !groups.has(port));
  return {
    ...Object.fromEntries(
      [...groups].map(([port, list]) => [
        port,
        list.map(({ hostAddress, hostPort }) => ({ HostIp: hostAddress, HostPort: `${hostPort}` })),
      ]),
    ),
    ...Object.fromEntries(exposed.map((port) => [port, null as never])),
  };
}

/** `Ports` of a line of the container list. */
export function portSummariesToWire(
  container: Pick<ContainerDetails, 'endpoint' | 'config'>,
): NonNullable<ContainerSummary['Ports']> {
  return Object.entries(portMapToWire(container)).flatMap(([port, list]) => {
    const [number, Type] = port.split('/');
    const PrivatePort = Number(number);
    const of = { PrivatePort, Type: Type as 'tcp' };
    if (!list) return [of];
    return list.map(({ HostIp = '', HostPort }) => ({ IP: HostIp, PublicPort: Number(HostPort), ...of }));
  });
}
