/** Between what is asked of the host's ports, what the keeper is told, and what comes of it. */
import { existsSync } from 'node:fs';
import { EngineError } from '../../base/errors.ts';
import type { PortRequest, PublishedPort } from './network-provider.ts';
import { lookAtPorts } from './port-holder.ts';
import type { KeeperAnswer, KeeperPort } from './port-keeper-protocol.ts';

/** For a container whose network cannot publish ports. */
export function portsNotSupported(problem: string): EngineError {
  return new EngineError(
    'not-implemented',
    `Ports cannot be published here, for bridges do not work (${problem}): leave out -p and use --network host`,
    { reason: 'container.ports-not-supported', params: { detail: problem } },
  );
}

const anyIpv4 = '0.0.0.0';
const anyIpv6 = '::';

const hasIpv6 = () => existsSync('/proc/sys/net/ipv6');

function addressesOf({ hostAddress }: PortRequest): string[] {
  if (hostAddress !== '') return [hostAddress];
  return hasIpv6() ? [anyIpv4, anyIpv6] : [anyIpv4];
}

export function keeperPorts(requests: readonly PortRequest[], containerAddress: string): KeeperPort[] {
  return requests.map((request) => ({
    protocol: request.protocol,
    addresses: addressesOf(request),
    first: request.hostPorts?.first ?? 0,
    last: request.hostPorts?.last ?? 0,
    target: { address: containerAddress, port: request.containerPort },
  }));
}

/** @param hostPorts the number that each request got */
export function publishedPorts(requests: readonly PortRequest[], hostPorts: readonly number[]): PublishedPort[] {
  return requests.flatMap((request, index) =>
    addressesOf(request).map((hostAddress) => ({
      containerPort: request.containerPort,
      protocol: request.protocol,
      hostAddress,
      hostPort: hostPorts[index] ?? 0,
    })),
  );
}

/** What was published once, asked for again with the same numbers. */
export function sameAgain(ports: readonly PublishedPort[], containerAddress: string): KeeperPort[] {
  return ports.map(({ protocol, hostAddress, hostPort, containerPort }) => ({
    protocol,
    addresses: [hostAddress],
    first: hostPort,
    last: hostPort,
    target: { address: containerAddress, port: containerPort },
  }));
}

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);

/** Why a port could not be bound, in Docker's words. `holderOf` tells the id of the container of ours that has it. */
export function portFailure(
  { code, address, port, protocol }: NonNullable<KeeperAnswer['refused']>,
  holderOf: (port: number, protocol: PublishedPort['protocol']) => string | undefined,
): EngineError {
  const place = `${bracketed(address)}:${port}`;
  if (code !== 'EADDRINUSE') {
    const why = code === 'EADDRNOTAVAIL' ? 'the host has no such address' : code;
    return new EngineError('invalid', `Bind for ${place} failed: cannot assign requested address (${why})`, {
      reason: 'container.port-address',
      params: { address, port },
    });
  }
  const ports = lookAtPorts();
  const wanted = { address, port, protocol };
  const next = ports.nextFree(wanted);
  const params = { port, protocol, ...(next > 0 && { nextFree: next }) };
  const container = holderOf(port, protocol);
  if (container !== undefined) {
    return new EngineError('conflict', `Bind for ${place} failed: port is already allocated`, {
      reason: 'container.port-taken-by-container',
      params: { ...params, container },
    });
  }
  const message = `failed to bind host port ${place}/${protocol}: address already in use`;
  const { name, pid } = ports.holder(wanted) ?? { name: '', pid: 0 };
  if (pid === 0) {
    return new EngineError('conflict', message, { reason: 'container.port-taken', params });
  }
  return new EngineError('conflict', `${message} (by ${name}, process ${pid})`, {
    reason: 'container.port-taken-by-process',
    params: { ...params, process: name, pid },
  });
}
