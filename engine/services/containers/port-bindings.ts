import { isIP } from 'node:net';
import { EngineError } from '../../base/errors.ts';
import type { PortProtocol, PortRequest } from '../../drivers/network/network-provider.ts';
import type { ContainerConfig, ContainerHostConfig } from './container-service.ts';

const maximumPort = 65_535;

function invalidPort(text: string): EngineError {
  return new EngineError('invalid', `invalid port specification: "${text}"`, {
    reason: 'request.invalid',
    params: { field: 'HostConfig.PortBindings' },
  });
}

/** `80`, `80/tcp`. @throws EngineError `invalid`, `not-implemented` for a protocol that is neither tcp nor udp. */
export function parsePort(text: string): { containerPort: number; protocol: PortProtocol } {
  const [number = '', protocol = 'tcp'] = text.split('/');
  const containerPort = Number(number);
  if (!/^\d+$/.test(number) || containerPort < 1 || containerPort > maximumPort) throw invalidPort(number);
  const name = protocol.toLowerCase();
  if (name === 'tcp' || name === 'udp') return { containerPort, protocol: name };
  if (name !== 'sctp') throw invalidPort(text);
  throw new EngineError('not-implemented', `Ports of ${name} cannot be published yet (${text}): use tcp or udp`, {
    reason: 'container.option-not-supported',
    params: { option: text },
  });
}

function parseHostPorts(text: string): { first: number; last: number } | undefined {
  if (text === '' || text === '0') return undefined;
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first < 1 || last < first || last > maximumPort) throw invalidPort(text);
  return { first, last };
}

/**
 * The ports that the host shall answer on for a container, each once.
 * @throws EngineError `invalid` for what is no port or address, `not-implemented` for sctp.
 */
export function portRequests(
  { exposedPorts }: Pick<ContainerConfig, 'exposedPorts'>,
  { portBindings, publishAllPorts }: Pick<ContainerHostConfig, 'portBindings' | 'publishAllPorts'>,
): PortRequest[] {
  const asked = portBindings.map(({ port, hostAddress, hostPort }): PortRequest => {
    const address = hostAddress.replace(/^\[(.*)\]$/, '$1');
    if (address !== '' && isIP(address) === 0) {
      throw new EngineError('invalid', `invalid IP address: ${hostAddress}`, {
        reason: 'request.invalid',
        params: { field: 'HostConfig.PortBindings' },
      });
    }
    const hostPorts = parseHostPorts(hostPort);
    return { ...parsePort(port), hostAddress: address, ...(hostPorts && { hostPorts }) };
  });
  const has = ({ containerPort, protocol }: ReturnType<typeof parsePort>) =>
    asked.some((one) => one.containerPort === containerPort && one.protocol === protocol);
  const further = publishAllPorts ? exposedPorts.map(parsePort).filter((port) => !has(port)) : [];
  const all = [...asked, ...further.map((port) => ({ ...port, hostAddress: '' }))];
  return [...new Map(all.map((request) => [JSON.stringify(request), request])).values()];
}
