import type { ContainerRecord } from './container-record.ts';
import { type LinkedContainer, type LinkTargets, liveLinks } from './links.ts';
import { processEnvironment } from './merge-config.ts';

interface Port {
  number: number;
  protocol: string;
}

/** Exposed ports in the order Docker tells them: tcp first, then by number. */
function portsOf(exposed: readonly string[]): Port[] {
  const ports = exposed.map((text) => {
    const [number = '', protocol = 'tcp'] = text.split('/');
    return { number: Number(number), protocol };
  });
  const rank = ({ protocol }: Port) => (protocol === 'tcp' ? 0 : 1);
  return ports.toSorted((a, b) => rank(a) - rank(b) || a.number - b.number || a.protocol.localeCompare(b.protocol));
}

/** Ports that follow each other, of one protocol. */
function runsOf(ports: readonly Port[]): Port[][] {
  const runs: Port[][] = [];
  for (const port of ports) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run && last && last.protocol === port.protocol && last.number + 1 === port.number) run.push(port);
    else runs.push([port]);
  }
  return runs;
}

const notPassedOn = new Set(['HOME', 'PATH']);

/**
 * The variables of one link (moby, `daemon/links`): addresses of the exposed ports, the link's name, and the linked
 * container's own variables.
 */
export function linkEnvironment(parent: string, { alias, record, address }: LinkedContainer): string[] {
  const prefix = alias.toUpperCase().replaceAll('-', '_');
  const { exposedPorts, environment } = record.fixed.config;
  const ports = portsOf(exposedPorts);
  const variables = (port: Port) => {
    const { number, protocol } = port;
    const name = `${prefix}_PORT_${number}_${protocol.toUpperCase()}`;
    return { name, url: `${protocol}://${address}:${number}`, port };
  };
  // two in a row are not told as a run
  const runs = runsOf(ports).filter((run) => run.length > 2);
  const [lowest] = ports.toSorted((a, b) => a.number - b.number);
  return [
    ...(lowest ? [`${prefix}_PORT=${lowest.protocol}://${address}:${lowest.number}`] : []),
    ...runs.flatMap((run) => {
      const first = variables(run[0] as Port);
      const last = variables(run.at(-1) as Port);
      return [
        `${first.name}_START=${first.url}`,
        `${first.name}_PORT_START=${first.port.number}`,
        `${first.name}_END=${last.url}`,
        `${first.name}_PORT_END=${last.port.number}`,
      ];
    }),
    ...ports
      .map(variables)
      .flatMap(({ name, url, port }) => [
        `${name}=${url}`,
        `${name}_ADDR=${address}`,
        `${name}_PORT=${port.number}`,
        `${name}_PROTO=${port.protocol}`,
      ]),
    `${prefix}_NAME=/${parent}/${alias}`,
    ...environment.flatMap((variable) => {
      const at = variable.indexOf('=');
      return at < 0 || notPassedOn.has(variable.slice(0, at)) ? [] : [`${prefix}_ENV_${variable}`];
    }),
  ];
}

/** The container's own variables win. */
export function withLinkEnvironment(links: readonly string[], own: readonly string[]): string[] {
  const names = new Set(own.map((variable) => variable.split('=', 1)[0]));
  return [...links.filter((variable) => !names.has(variable.split('=', 1)[0])), ...own];
}

/**
 * The variables of a further process in a container that runs: those of its links as far as their containers run, its own,
 * and what is added.
 */
export function furtherEnvironment(
  record: ContainerRecord,
  find: LinkTargets['find'],
  added: readonly string[] = [],
): string[] {
  const { config } = record.fixed;
  const links = liveLinks(record, find).flatMap((link) => linkEnvironment(record.name, link));
  return withLinkEnvironment(links, processEnvironment({ ...config, environment: [...config.environment, ...added] }));
}
