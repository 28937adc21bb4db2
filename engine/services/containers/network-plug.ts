import type { NetworkEndpoint, NetworkProvider } from '../../drivers/network/network-provider.ts';
import type { UserNamespace } from '../../drivers/userns/process-ids.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStore } from './container-store.ts';
import { hostFilesRequest } from './follow-resolv-conf.ts';
import { type HostFiles, hostFilePaths, writeHostFiles, writeHosts } from './host-files.ts';
import { networkRequest } from './host-options.ts';
import type { JoinedNamespaces } from './join-namespaces.ts';
import { type LinkedContainer, linkedHosts, liveLinks } from './links.ts';
import { namePortHolder } from './name-port-holder.ts';
import { networkEvents } from './network-events.ts';
import { rootOf } from './remapping.ts';
import { hasProcess } from './state-machine.ts';

/** A container's place on its network while it lives. */
export interface NetworkPlug {
  /** The network of its own, which is told, or the one that it joins with the files that go with it. */
  plugIn(record: ContainerRecord, neighbours: Neighbours): Promise<PluggedIn>;
  /** Whether it was told to have come to its network, and has not left since. */
  isPluggedIn(id: string): boolean;
  /** A second call is not an error. */
  unplug(id: string): Promise<void>;
}

export interface PlugDependencies {
  store: Pick<ContainerStore, 'all' | 'lookUp' | 'tell'>;
  network: NetworkProvider;
  paths: ContainerPaths;
  nameOf(id: string): string | undefined;
}

interface PluggedIn {
  namespacePath: string | 'host';
  endpoint?: NetworkEndpoint;
  files: HostFiles;
}

export function createNetworkPlug(dependencies: PlugDependencies): NetworkPlug {
  const { store, network } = dependencies;
  const pluggedIn = new Set<string>();
  return {
    async plugIn(record, neighbours) {
      const plugged = await attach(dependencies, record, neighbours);
      const told = networkEvents(record, 'connect');
      if (told.length > 0) store.tell(record.id, ...told);
      pluggedIn.add(record.id);
      return plugged;
    },
    isPluggedIn: (id) => pluggedIn.has(id),
    async unplug(id) {
      pluggedIn.delete(id);
      await network.detach(id);
    },
  };
}

interface Neighbours {
  joined: JoinedNamespaces;
  linked: readonly LinkedContainer[];
  users: UserNamespace | undefined;
}

async function attach(
  { store, network, paths, nameOf }: PlugDependencies,
  record: ContainerRecord,
  { joined, linked, users }: Neighbours,
): Promise<PluggedIn> {
  const { id, fixed } = record;
  if (joined.network) {
    const { namespacePath, record: donor } = joined.network;
    return { namespacePath, files: hostFilePaths(paths.directory(donor.id)) };
  }
  const asked = networkRequest(fixed.config, fixed.hostConfig) ?? { mode: 'none' as const, ports: [] };
  const wishes = { ...asked, ...(users && { userNamespace: users.path }) };
  const { namespacePath, endpoint } = await network.attach(id, wishes).catch((error) => namePortHolder(error, nameOf));
  const request = { ...hostFilesRequest(record, endpoint), linked: linkedHosts(linked) };
  const files = await writeHostFiles(paths.directory(id), request, users && rootOf(users.map));
  if (endpoint) await tellParents({ store, paths }, { id, address: endpoint.address });
  return { namespacePath, files, ...(endpoint && { endpoint }) };
}

/** Who has a link to a container that comes up finds it under its new address. */
async function tellParents(
  { store, paths }: Pick<PlugDependencies, 'store' | 'paths'>,
  fresh: { id: string; address: string },
): Promise<void> {
  const hasLink = ({ fixed }: ContainerRecord) =>
    fixed.hostConfig.links?.some(({ containerId }) => containerId === fresh.id) ?? false;
  const parents = store.all().filter((record) => hasProcess(record.state) && hasLink(record));
  for (const parent of parents) {
    const linked = linkedHosts(liveLinks(parent, store.lookUp, fresh));
    await writeHosts(paths.directory(parent.id), { ...hostFilesRequest(parent, parent.status.endpoint), linked });
  }
}
