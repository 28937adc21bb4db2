import type { Log } from '../../base/log.ts';
import { once } from '../../base/once.ts';
import { type AddressPool, type BridgeRange, createAddressPool, macOf, parseBridgeAddress } from './address-pool.ts';
import { type Bridge, bridgeNames, createBridge, removeBridge } from './bridge.ts';
import { probeBridge } from './bridge-probe.ts';
import { lookAtBridge, settleRange } from './bridge-range.ts';
import { formatIpv4 } from './ip-address.ts';
import { openNamespaces } from './namespaces.ts';
import { type NetworkWatch, watchFirewall, watchLinks } from './netlink-watch.ts';
import type { EndpointRecords, NetworkEndpoint, NetworkProvider, PortRequest } from './network-provider.ts';
import { createPortKeeper, type PortKeeper } from './port-keeper.ts';
import { keeperPorts, portFailure, portsNotSupported, publishedPorts, sameAgain } from './published-ports.ts';

export interface BridgeProviderDependencies {
  runRoot: string;
  instance: string;
  endpoints: EndpointRecords;
  /** dockerd's `bip`; chosen when absent. */
  bridgeAddress: string | undefined;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
}

/** A namespace that something else still holds after this time loses its interface. */
const namespaceGoesWithinMilliseconds = 2000;

/** Networks `none`, `host` and one bridge of the instance, which is made with its first container. */
export function createNetworkProvider(dependencies: BridgeProviderDependencies): NetworkProvider {
  const { runRoot, endpoints, bridgeAddress } = dependencies;
  // a wrong one is told at the start, not at the first container
  if (bridgeAddress !== undefined) parseBridgeAddress(bridgeAddress);
  const namespaces = openNamespaces(runRoot);
  const site = createBridgeSite(dependencies);
  const bridgeProblem = once(probeBridge);
  return {
    bridgeProblem,
    bridge: () => (bridgeProblem() === undefined ? lookAtBridge(dependencies) : undefined),
    async attach(id, { mode, ports, macAddress, userNamespace }) {
      if (mode === 'host') return { namespacePath: 'host' };
      const make = () => (userNamespace === undefined ? namespaces.make(id) : namespaces.makeIn(id, userNamespace));
      const why = mode === 'bridge' ? bridgeProblem() : undefined;
      if (why !== undefined && ports.length > 0) throw portsNotSupported(why);
      if (mode === 'none' || why !== undefined) return { namespacePath: await make() };
      await site.left(id, ports.length > 0);
      site.ensure();
      const endpoint = await site.settle(id, { ports, macAddress });
      const namespacePath = await make();
      site.plugIn({ containerId: id, namespacePath, endpoint });
      return { namespacePath, endpoint };
    },
    async detach(id) {
      const endpoint = endpoints.find(id);
      if (endpoint) site.unpublish(endpoint);
      namespaces.remove(id);
      const left = site.leave(id);
      // whoever stopped a container expects its ports to be free
      if (endpoint && endpoint.ports.length > 0) await left;
    },
    async list() {
      const known = endpoints.all().map(({ containerId }) => containerId);
      return [...new Set([...namespaces.list(), ...known, ...(await site.keptPorts())])];
    },
    close: () => site.close(),
  };
}

interface EndpointWishes {
  ports: readonly PortRequest[];
  macAddress: string | undefined;
}

/** What the host side of the bridge does for the provider. */
interface BridgeSite {
  ensure(): void;
  /** Waits until the last stay of this container is over; with `all` those of every container. */
  left(id: string, all: boolean): Promise<void>;
  /** Gives address and ports, or what the container has already. */
  settle(id: string, wishes: EndpointWishes): Promise<NetworkEndpoint>;
  plugIn(plug: Parameters<Bridge['plugIn']>[0]): void;
  unpublish(endpoint: NetworkEndpoint): void;
  /** Frees address and ports once the interface is gone. */
  leave(id: string): Promise<void>;
  keptPorts(): Promise<readonly string[]>;
  close(): Promise<void>;
}

function createBridgeSite(dependencies: BridgeProviderDependencies): BridgeSite {
  const { runRoot, instance, endpoints, log } = dependencies;
  const bridge = createBridge({ instance, log });
  const departures = createDepartures(instance, bridge);
  const keeper: PortKeeper = createPortKeeper({
    runRoot,
    lost: () => reserveAgain({ keeper, endpoints, log }),
  });
  let ready: { range: BridgeRange; pool: AddressPool; watch: NetworkWatch } | undefined;
  const leaving = new Map<string, Promise<void>>();
  // one that leaves has its row until its interface is gone, and is not to be translated to any more
  const published = () => endpointsOf(endpoints, leaving);
  const lookAtFirewall = () => {
    try {
      if (!ready || bridge.passForeignFirewalls()) return;
      log.warn('the rules of the bridge were removed by another program: they are made again');
      bridge.ensure(ready.range, published());
    } catch (error) {
      log.error('the firewall cannot be followed', { error });
    }
  };
  return {
    ensure() {
      if (ready) return;
      const range = settleRange(dependencies, {
        ensure: (chosen) => bridge.ensure(chosen, published()),
        remove: () => bridge.remove(),
      });
      bridge.passForeignFirewalls();
      ready = { range, pool: createAddressPool(range), watch: watchFirewall(lookAtFirewall) };
    },
    async left(id, all) {
      await (all ? Promise.all(leaving.values()) : leaving.get(id));
    },
    async settle(id, { ports: requests, macAddress }) {
      if (!ready) throw new Error('the bridge was not made');
      const before = endpoints.find(id);
      // of another range, when the bridge was given a new one meanwhile
      const known = before?.gateway === formatIpv4(ready.range.gateway) ? before : undefined;
      const endpoint = known ?? newEndpoint(ready, endpointsOf(endpoints), macAddress);
      if (!known) endpoints.put(id, endpoint);
      const settled = await reserve({ keeper, endpoints, id, endpoint, requests, again: known !== undefined });
      bridge.publish(settled);
      return settled;
    },
    plugIn(plug) {
      if (!bridge.hasPlug(plug.containerId)) bridge.plugIn(plug);
    },
    unpublish: (endpoint) => bridge.unpublish(endpoint),
    leave(id) {
      const running = leaving.get(id);
      if (running) return running;
      const left = (async () => {
        if (endpoints.find(id)) await departures.gone(id);
        await keeper.release(id);
        endpoints.remove(id);
      })().finally(() => leaving.delete(id));
      leaving.set(id, left);
      left.catch((error) => log.error('an address or port could not be given back', { id, error }));
      return left;
    },
    keptPorts: () => keeper.list(),
    async close() {
      await Promise.allSettled(leaving.values());
      ready?.watch.close();
      departures.close();
      await keeper.close();
      bridge.close();
      if (endpoints.all().length === 0) removeBridge({ instance, log });
    },
  };
}

function endpointsOf(records: EndpointRecords, without?: ReadonlyMap<string, unknown>): NetworkEndpoint[] {
  return records.all().flatMap(({ containerId, endpoint }) => (without?.has(containerId) ? [] : [endpoint]));
}

function newEndpoint(
  { range, pool }: { range: BridgeRange; pool: AddressPool },
  others: readonly NetworkEndpoint[],
  macAddress: string | undefined,
): NetworkEndpoint {
  const address = pool.take(new Set(others.map((endpoint) => endpoint.address)));
  return {
    address,
    prefixLength: range.prefix,
    gateway: formatIpv4(range.gateway),
    macAddress: macAddress ?? macOf(address),
    ports: [],
  };
}

/** The ports of all containers, of a keeper that is new. Never fails. */
async function reserveAgain({
  keeper,
  endpoints,
  log,
}: Pick<BridgeProviderDependencies, 'endpoints' | 'log'> & { keeper: PortKeeper }): Promise<void> {
  log.warn('the keeper of published ports ended: it is started again');
  try {
    for (const { containerId, endpoint } of endpoints.all()) {
      if (endpoint.ports.length === 0) continue;
      const result = await keeper.reserve(containerId, sameAgain(endpoint.ports, endpoint.address));
      if ('refused' in result)
        log.error('a published port was taken by another meanwhile', { containerId, ...result.refused });
    }
  } catch (error) {
    log.error('published ports are not held any more', { error });
  }
}

interface Reservation {
  keeper: PortKeeper;
  endpoints: EndpointRecords;
  id: string;
  endpoint: NetworkEndpoint;
  requests: readonly PortRequest[];
  /** The container has its ports already, from an engine before this one: the same numbers again. */
  again: boolean;
}

async function reserve({ keeper, endpoints, id, endpoint, requests, again }: Reservation): Promise<NetworkEndpoint> {
  if (requests.length === 0) return endpoint;
  const same = again && endpoint.ports.length > 0;
  const asked = same ? sameAgain(endpoint.ports, endpoint.address) : keeperPorts(requests, endpoint.address);
  const result = await keeper.reserve(id, asked);
  if ('refused' in result) {
    throw portFailure(result.refused, (port, protocol) => {
      const has = (other: NetworkEndpoint) =>
        other.ports.some((taken) => taken.hostPort === port && taken.protocol === protocol);
      return endpoints.all().find((other) => other.containerId !== id && has(other.endpoint))?.containerId;
    });
  }
  if (same) return endpoint;
  const settled = { ...endpoint, ports: publishedPorts(requests, result.hostPorts) };
  endpoints.put(id, settled);
  return settled;
}

interface Departures {
  /** Resolves when the container's interface is gone. */
  gone(id: string): Promise<void>;
  close(): void;
}

/** The kernel takes an interface away with its namespace, a moment after the last who held it. */
function createDepartures(instance: string, bridge: Bridge): Departures {
  const names = bridgeNames(instance);
  const waiting = new Map<string, () => void>();
  let watch: NetworkWatch | undefined;
  const look = (links: readonly string[]) => {
    const asked = links.length > 0 ? links.filter((name) => waiting.has(name)) : [...waiting.keys()];
    for (const name of asked) waiting.get(name)?.();
  };
  return {
    async gone(id) {
      watch ??= watchLinks(look);
      const name = names.veth(id);
      let timer: NodeJS.Timeout | undefined;
      const left = new Promise<void>((resolve) => {
        waiting.set(name, () => {
          if (!bridge.hasPlug(id)) resolve();
        });
        timer = setTimeout(() => {
          bridge.pullOut(id);
          resolve();
        }, namespaceGoesWithinMilliseconds);
      });
      try {
        if (bridge.hasPlug(id)) await left;
      } finally {
        clearTimeout(timer);
        waiting.delete(name);
      }
    },
    close: () => watch?.close(),
  };
}
