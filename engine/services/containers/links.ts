import { EngineError } from '../../base/errors.ts';
import { nameTaken } from './container-names.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerHostConfig } from './container-service.ts';
import type { ContainerLink } from './further-options.ts';
import { joinedContainer } from './namespace-modes.ts';
import { hasProcess } from './state-machine.ts';

export interface LinkTargets {
  /** By id or name; undefined where there is none. */
  find(name: string): ContainerRecord | undefined;
}

type Asked = Pick<ContainerHostConfig, 'links'>;

const invalid = (message: string) => new EngineError('invalid', message);

/** Links with the ids of their containers, each alias once. @throws EngineError `invalid` in Docker's words. */
export function resolveLinks({ links }: Asked, { find }: LinkTargets): ContainerLink[] | undefined {
  if (!links) return undefined;
  const found = new Map<string, ContainerLink>();
  for (const { name, alias } of links) {
    const child = networkOwner(name, find);
    if (child.fixed.hostConfig.networkMode === 'host') {
      throw invalid(
        "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
      );
    }
    const before = found.get(alias)?.containerId;
    if (before !== undefined && before !== child.id) throw nameTaken(alias, before);
    found.set(alias, { name, alias, containerId: child.id });
  }
  return [...found.values()];
}

/** The container whose network this one has: itself, or the one it has joined. */
function networkOwner(name: string, find: LinkTargets['find']): ContainerRecord {
  const seen = new Set<string>();
  for (let next = name; ; ) {
    const child = find(next);
    if (!child || seen.has(child.id)) throw invalid(`could not get container for ${name}: No such container: ${next}`);
    seen.add(child.id);
    const joined = joinedContainer(child.fixed.hostConfig.networkMode);
    if (joined === undefined) return child;
    next = joined;
  }
}

/** Links as they are shown: by the names of now. */
export interface LinkBook {
  linksOf(record: ContainerRecord): { container: string; alias: string }[];
  /** By the id of a container: `parent/alias` for every link that leads to it. Looks through all containers. */
  names(): ReadonlyMap<string, readonly string[]>;
  /** The container behind `parent/alias`. */
  find(name: string): ContainerRecord | undefined;
}

export function openLinkBook(records: () => Iterable<ContainerRecord>, find: LinkTargets['find']): LinkBook {
  return {
    linksOf: ({ fixed }) =>
      (fixed.hostConfig.links ?? []).map(({ containerId = '', name, alias }) => ({
        container: find(containerId)?.name ?? name,
        alias,
      })),
    names() {
      const found = new Map<string, string[]>();
      for (const { name, fixed } of records())
        for (const { containerId = '', alias } of fixed.hostConfig.links ?? [])
          found.set(containerId, [...(found.get(containerId) ?? []), `${name}/${alias}`]);
      return found;
    },
    find(text) {
      const [parent = '', alias, ...more] = text.replace(/^\//, '').split('/');
      if (alias === undefined || more.length > 0) return undefined;
      const link = find(parent)?.fixed.hostConfig.links?.find((one) => one.alias === alias);
      return link?.containerId === undefined ? undefined : find(link.containerId);
    },
  };
}

/** The links of a container without one: `parent/alias`. @throws EngineError in Docker's words. */
export function withoutLink(
  name: string,
  find: LinkTargets['find'],
): { parent: ContainerRecord; links: ContainerLink[] } {
  const [parentName = '', alias, ...more] = name.replace(/^\//, '').split('/');
  if (alias === undefined || more.length > 0) {
    throw new EngineError('conflict', 'Conflict, cannot remove the default link name of the container');
  }
  const parent = find(parentName);
  const links = parent?.fixed.hostConfig.links ?? [];
  const rest = links.filter((link) => link.alias !== alias);
  if (parent && rest.length < links.length) return { parent, links: rest };
  throw new EngineError('not-found', `No such container: ${name}`, { reason: 'container.not-found', params: { name } });
}

/** A linked container while it runs. */
export interface LinkedContainer {
  alias: string;
  record: ContainerRecord;
  address: string;
}

/** @throws EngineError `conflict` in Docker's words where one does not run on the bridge. */
export function linkedContainers({ name, fixed }: ContainerRecord, find: LinkTargets['find']): LinkedContainer[] {
  return (fixed.hostConfig.links ?? []).map(({ containerId = '', name: asked, alias }) => {
    const record = find(containerId);
    if (!record || !hasProcess(record.state)) {
      const child = record?.name ?? asked;
      throw new EngineError('conflict', `Cannot link to a non running container: /${child} AS /${name}/${alias}`);
    }
    const address = record.status.endpoint?.address;
    if (address === undefined) {
      throw new EngineError('conflict', `container ${record.id} not attached to default bridge network`);
    }
    return { alias, record, address };
  });
}

/**
 * The links of a container that runs, as far as their containers do.
 * @param fresh one that is about to run
 */
export function liveLinks(
  { fixed }: ContainerRecord,
  find: LinkTargets['find'],
  fresh?: { id: string; address: string },
): LinkedContainer[] {
  return (fixed.hostConfig.links ?? []).flatMap(({ containerId = '', alias }) => {
    const record = find(containerId);
    const address = fresh && containerId === fresh.id ? fresh.address : record?.status.endpoint?.address;
    return record && address !== undefined ? [{ alias, record, address }] : [];
  });
}

/** Names of linked containers for hosts(5). */
export const linkedHosts = (linked: readonly LinkedContainer[]): { address: string; names: string }[] =>
  linked.map(({ alias, record: { name, fixed }, address }) => ({
    address,
    names: [alias, fixed.config.hostname, ...(name === alias ? [] : [name])].filter(Boolean).join(' '),
  }));
