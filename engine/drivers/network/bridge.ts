import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import type { Log } from '../../base/log.ts';
import type { BridgeRange } from './address-pool.ts';
import { elementCommands, tableText } from './bridge-rules.ts';
import { acceptCommands, runEach, tablePrefix, withdrawCommands } from './foreign-firewall.ts';
import { parseIpv4 } from './ip-address.ts';
import { inNamespace } from './namespaces.ts';
import type { NetworkEndpoint } from './network-provider.ts';
import { type Nftables, openNftables } from './nftables.ts';
import { openRouteSocket, type RouteSocket } from './rtnetlink.ts';

/** Names on the host of one instance's bridge. Interface names have at most 15 characters. */
export function bridgeNames(instance: string) {
  const short = instance.slice(0, 6);
  return {
    bridge: `beluga${short}`,
    table: `${tablePrefix}${instance}`,
    /** Marks our rules in the tables of others. */
    comment: `${tablePrefix}${instance}`,
    veth: (containerId: string) => `v${short}${containerId.slice(0, 8)}`,
    vethPrefix: `v${short}`,
  };
}

/** Where an interface of a container is to be put in. */
export interface Plug {
  containerId: string;
  namespacePath: string;
  endpoint: NetworkEndpoint;
}

/** The bridge of an instance: link, addresses, rules. Everything is synchronous and takes a few milliseconds at most. */
export interface Bridge {
  /** Makes what is missing of link and rules; the rules begin with the ports of `endpoints`. */
  ensure(range: BridgeRange, endpoints: readonly NetworkEndpoint[]): void;
  /** Lets our packets through the firewalls of others, as they are now. @returns whether our own rules are still there */
  passForeignFirewalls(): boolean;
  plugIn(plug: Plug): void;
  hasPlug(containerId: string): boolean;
  /** Pulls the interface out, should it still be there. */
  pullOut(containerId: string): void;
  publish(endpoint: NetworkEndpoint): void;
  unpublish(endpoint: NetworkEndpoint): void;
  /** Takes link, rules and leftover interfaces away. */
  remove(): void;
  close(): void;
}

export interface BridgeDependencies {
  instance: string;
  log: Pick<Log, 'info' | 'warn'>;
}

const setting = (name: string) => `/proc/sys/net/${name}`;

function writeSetting(name: string, value: string): void {
  if (existsSync(setting(name)) && readFileSync(setting(name), 'utf8').trim() !== value)
    writeFileSync(setting(name), value);
}

/** Of the link that leads to the world, so that containers send no larger packets. */
export function uplinkMtu(routes: RouteSocket): number {
  const output = routes.routes().find(({ prefix, output }) => prefix === 0 && output > 0)?.output;
  const mtu = routes.links().find(({ index }) => index === output)?.mtu ?? 1500;
  return Math.min(Math.max(mtu, 1280), 1500);
}

/** Locally administered and always the same, so that the bridge keeps it when interfaces come and go. */
const bridgeMac = (instance: string) =>
  ['02', '42', ...(createHash('sha256').update(instance).digest('hex').slice(0, 8).match(/../g) ?? [])].join(':');

function makeLink(routes: RouteSocket, instance: string, range: BridgeRange): void {
  const { bridge } = bridgeNames(instance);
  const made = routes.addBridge({ name: bridge, mac: bridgeMac(instance), mtu: uplinkMtu(routes) });
  try {
    writeSetting(`ipv6/conf/${bridge}/disable_ipv6`, '1');
    // 127.0.0.1 of the host reaches published ports; see bridge-rules.ts for what this must not let in
    writeSetting(`ipv4/conf/${bridge}/route_localnet`, '1');
    routes.addAddress(made, range.gateway, range.prefix);
    routes.setUp(made);
  } catch (error) {
    routes.removeLink(bridge);
    throw error;
  }
}

const containerInterface = 'eth0';

function configureInside(namespace: number, endpoint: NetworkEndpoint): void {
  inNamespace(namespace, () => {
    const inside = openRouteSocket();
    try {
      // no IPv6 on the bridge: a link-local address would only make programs wait
      writeSetting(`ipv6/conf/${containerInterface}/disable_ipv6`, '1');
      const index = inside.findLink(containerInterface)?.index ?? 0;
      inside.addAddress(index, parseIpv4(endpoint.address) ?? 0, endpoint.prefixLength);
      inside.setUp(index);
      inside.addDefaultRoute(parseIpv4(endpoint.gateway) ?? 0);
    } finally {
      inside.close();
    }
  });
}

function plugIn(routes: RouteSocket, names: ReturnType<typeof bridgeNames>, plug: Plug): void {
  const bridge = routes.findLink(names.bridge);
  if (!bridge) throw new Error(`the bridge ${names.bridge} is gone`);
  const name = names.veth(plug.containerId);
  const namespace = openSync(plug.namespacePath, 'r');
  try {
    const peer = { name: containerInterface, mac: plug.endpoint.macAddress, namespace };
    routes.addVeth({ name, bridge: bridge.index, mtu: bridge.mtu, peer });
    try {
      // br_netfilter translates before the bridge forwards: what comes from a port may have to go back to it
      const outside = routes.findLink(name)?.index ?? 0;
      routes.setHairpin(outside);
      writeSetting(`ipv6/conf/${name}/disable_ipv6`, '1');
      configureInside(namespace, plug.endpoint);
    } catch (error) {
      routes.removeLink(name);
      throw error;
    }
  } finally {
    closeSync(namespace);
  }
}

const isNamed = (item: unknown, name: string) =>
  typeof item === 'object' && item !== null && 'name' in item && item.name === name;

/** Opens nothing until the first call. */
export function createBridge({ instance, log }: BridgeDependencies): Bridge {
  const names = bridgeNames(instance);
  let open: { routes: RouteSocket; nft: Nftables } | undefined;
  const tools = () => {
    open ??= { routes: openRouteSocket(), nft: openNftables() };
    return open;
  };
  const each = (commands: readonly string[]) => {
    for (const failure of runEach(tools().nft, commands))
      log.warn('a firewall of the host cannot be changed', { failure });
  };
  return {
    ensure(range, endpoints) {
      const { routes, nft } = tools();
      if (!routes.findLink(names.bridge)) makeLink(routes, instance, range);
      if (readFileSync(setting('ipv4/ip_forward'), 'utf8').trim() !== '1') {
        log.info('forwarding of IPv4 is switched on (net.ipv4.ip_forward)');
        writeSetting('ipv4/ip_forward', '1');
      }
      nft.run(tableText({ table: names.table, bridge: names.bridge, range }, endpoints));
    },
    passForeignFirewalls() {
      const items = tools().nft.list('list ruleset');
      each(acceptCommands(items, names));
      return items.some(({ table }) => isNamed(table, names.table));
    },
    plugIn: (plug) => plugIn(tools().routes, names, plug),
    hasPlug: (id) => tools().routes.findLink(names.veth(id)) !== undefined,
    pullOut: (id) => void tools().routes.removeLink(names.veth(id)),
    publish(endpoint) {
      const commands = elementCommands('add', names.table, endpoint);
      if (commands.length > 0) tools().nft.run(commands.join('\n'));
    },
    unpublish: (endpoint) => void runEach(tools().nft, elementCommands('delete', names.table, endpoint)),
    remove() {
      const { routes, nft } = tools();
      each(withdrawCommands(nft.list('list ruleset'), names.comment));
      nft.run(`table ip ${names.table} { }\ndelete table ip ${names.table}`);
      for (const { name } of routes.links()) if (name.startsWith(names.vethPrefix)) routes.removeLink(name);
      routes.removeLink(names.bridge);
    },
    close() {
      open?.routes.close();
      open?.nft.close();
      open = undefined;
    },
  };
}

/** Takes the bridge of an instance that no engine uses away; does nothing where nothing of it can be. */
export function removeBridge(dependencies: BridgeDependencies): void {
  const routes = openRouteSocket();
  try {
    if (!routes.findLink(bridgeNames(dependencies.instance).bridge)) return;
  } finally {
    routes.close();
  }
  const bridge = createBridge(dependencies);
  try {
    bridge.remove();
  } finally {
    bridge.close();
  }
}
