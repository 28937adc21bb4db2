import i18next from 'i18next';
import type { Container } from '../../electron/bridge/host.ts';
import { call } from './bridge-client.ts';
import { noticeFailed } from './notices.ts';

/** A published port as it is shown. */
export interface PortView {
  /** Unique within its container. */
  readonly key: string;
  /** `8080`, and behind it what the container calls it where that differs: `:80`. */
  readonly host: string;
  readonly inside: string;
  /** Where it is opened; udp ports, and those of a container that stands, cannot be. */
  readonly url?: string;
}

const everywhere: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);

function urlOf(hostIp: string, hostPort: number, containerPort: number): string {
  // not `localhost`, which may lead to another program on ::1
  const address = everywhere.has(hostIp) ? '127.0.0.1' : hostIp;
  const host = address.includes(':') ? `[${address}]` : address;
  const scheme = containerPort === 443 || containerPort === 8443 ? 'https' : 'http';
  return `${scheme}://${host}:${hostPort}`;
}

/** The published ports of a container, first those that can be opened, lowest first; what answers on IPv4 and IPv6 alike is one. */
export function portViews(container: Container): PortView[] {
  const active = container.state === 'running' || container.state === 'paused';
  const views = new Map<string, PortView & { order: number }>();
  for (const { containerPort, protocol, hostIp = '', hostPort } of container.ports) {
    if (hostPort === undefined) continue;
    const key = `${everywhere.has(hostIp) ? '' : hostIp} ${hostPort}/${protocol} ${containerPort}`;
    if (views.has(key)) continue;
    const udp = protocol === 'tcp' ? '' : `/${protocol}`;
    views.set(key, {
      key,
      host: `${hostPort}`,
      inside: `${hostPort === containerPort ? '' : `:${containerPort}`}${udp}`,
      ...(active && protocol === 'tcp' && { url: urlOf(hostIp, hostPort, containerPort) }),
      order: hostPort,
    });
  }
  return [...views.values()]
    .sort((a, b) => Number(b.url !== undefined) - Number(a.url !== undefined) || a.order - b.order)
    .map(({ order: _, ...view }) => view);
}

/** Opens an address of a published port in the system's browser. */
export async function openPort(url: string): Promise<void> {
  const outcome = await call('ports.open', { url });
  if (!outcome.ok) noticeFailed(() => i18next.t('ports.notOpened', { url }), outcome.failure);
}

/** How to open the first port of a container that can be; undefined when there is none. */
export function firstPort(container: Container): (() => void) | undefined {
  const url = portViews(container).find((view) => view.url)?.url;
  return url === undefined ? undefined : () => void openPort(url);
}
