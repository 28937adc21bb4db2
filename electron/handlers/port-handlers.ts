import { networkInterfaces } from 'node:os';
import * as z from 'zod';
import type { DockerHost } from '../../engine/compose/docker-host.ts';
import type { Handlers } from '../bridge/handlers.ts';
import type { PortAnswer, PortQuestion, portMethods } from '../bridge/ports.ts';
import { HostError } from '../hosts/host-error.ts';
import type { HostState } from '../hosts/host-state.ts';
import { publishedAddress } from '../windows/published-address.ts';

export interface PortSources {
  readonly host: DockerHost;
  readonly state: Pick<HostState, 'containers'>;
  /** Takes an address that was checked. */
  readonly openInBrowser: (address: URL) => Promise<void>;
  readonly chooseFolder: () => Promise<string | undefined>;
}

const answers = z.object({
  ports: z.array(
    z.object({
      address: z.string(),
      port: z.number(),
      protocol: z.enum(['tcp', 'udp']),
      state: z.enum(['free', 'container', 'process']),
      container: z.object({ id: z.string(), name: z.string() }).optional(),
      process: z.object({ pid: z.number(), name: z.string() }).optional(),
      nextFree: z.number(),
    }),
  ),
});

function wordOf({ address, port, protocol }: PortQuestion): string {
  if (address === '') return `${port}/${protocol}`;
  return `${address.includes(':') ? `[${address}]` : address}:${port}/${protocol}`;
}

async function ask(host: DockerHost, ports: readonly PortQuestion[]): Promise<readonly PortAnswer[]> {
  if (ports.length === 0) return [];
  const query = new URLSearchParams(ports.map((port): [string, string] => ['port', wordOf(port)]));
  const read = answers.safeParse(await host.system.extension(`/beluga/ports?${query}`));
  if (!read.success) return [];
  return read.data.ports.map(({ container, process, ...answer }) => ({
    ...answer,
    ...(container && { container }),
    ...(process && { process }),
  }));
}

/** Addresses of this computer that others may reach it by. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const usable = all.filter(({ internal, scopeid }) => !internal && !scopeid);
  return [...new Set(usable.map(({ address }) => address))];
}

/** What the renderer may do with ports, and what else a form for a new container asks of this computer. */
export function portHandlers(sources: PortSources): Pick<Handlers, keyof typeof portMethods> {
  const { host, state, openInBrowser, chooseFolder } = sources;
  return {
    'ports.ask': ({ ports }) => ask(host, ports),
    'ports.addresses': () => ownAddresses(),
    'ports.open': async ({ url }) => {
      const address = publishedAddress(url, [...state.containers.values()], ownAddresses());
      if (!address) throw new HostError('forbidden', `${url} is no published port of a running container.`);
      await openInBrowser(address);
    },
    'images.facts': async ({ id }) => {
      const { Config: config } = await host.images.inspect(id);
      const number = (port: string) => Number.parseInt(port, 10);
      return {
        exposedPorts: Object.keys(config?.ExposedPorts ?? {}).sort((a, b) => number(a) - number(b)),
        command: [...(config?.Entrypoint ?? []), ...(config?.Cmd ?? [])],
      };
    },
    'folders.choose': async () => {
      const path = await chooseFolder();
      return path === undefined ? {} : { path };
    },
  };
}
