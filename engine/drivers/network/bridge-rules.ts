/** The instance's nftables table, nft(8). All of ours is in it, so that taking it away takes everything away. */
import { formatRange, type Ipv4Range } from './ip-address.ts';
import type { NetworkEndpoint, PublishedPort } from './network-provider.ts';

export interface BridgeRules {
  table: string;
  bridge: string;
  range: Ipv4Range;
}

const isIpv4 = ({ hostAddress }: PublishedPort) => !hostAddress.includes(':');

/** Elements of the two maps for one container: `published` (every address) and `published_at` (one). */
function elementsOf(endpoints: readonly NetworkEndpoint[], withTargets: boolean) {
  const every: string[] = [];
  const one: string[] = [];
  for (const { address, ports } of endpoints) {
    for (const port of ports.filter(isIpv4)) {
      const key = `${port.protocol} . ${port.hostPort}`;
      const target = withTargets ? ` : ${address} . ${port.containerPort}` : '';
      if (port.hostAddress === '0.0.0.0') every.push(key + target);
      else one.push(`${port.hostAddress} . ${key}${target}`);
    }
  }
  return { every, one };
}

const elements = (list: readonly string[]) => (list.length > 0 ? `elements = { ${list.join(', ')} }` : '');

/**
 * The whole table anew, in one transaction.
 *
 * Ports are translated where packets come in and where the host's own go out. Into the bridge comes only what was
 * translated or belongs to what began inside. Nothing of 127.0.0.0/8 may come from a container (`route_localnet` would
 * let it in) nor be translated for a neighbour who sends it.
 */
export function tableText({ table, bridge, range }: BridgeRules, endpoints: readonly NetworkEndpoint[]): string {
  const net = formatRange(range);
  const { every, one } = elementsOf(endpoints, true);
  const translate = `
    fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @published_at
    fib daddr type local dnat ip to meta l4proto . th dport map @published`;
  return `
table ip ${table} { }
delete table ip ${table}
table ip ${table} {
  map published { type inet_proto . inet_service : ipv4_addr . inet_service; ${elements(every)} }
  map published_at { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; ${elements(one)} }
  chain raw { type filter hook prerouting priority raw; policy accept;
    iifname "${bridge}" ip daddr 127.0.0.0/8 drop
  }
  chain prerouting { type nat hook prerouting priority dstnat; policy accept;
    ip daddr 127.0.0.0/8 return${translate}
  }
  chain output { type nat hook output priority -100; policy accept;${translate}
  }
  chain forward { type filter hook forward priority filter; policy accept;
    iifname "${bridge}" accept
    oifname "${bridge}" ct state established,related accept
    oifname "${bridge}" ct status dnat accept
    oifname "${bridge}" drop
  }
  chain postrouting { type nat hook postrouting priority srcnat; policy accept;
    oifname "${bridge}" ip saddr 127.0.0.0/8 masquerade
    oifname "${bridge}" ip saddr ${net} ct status dnat masquerade
    oifname != "${bridge}" ip saddr ${net} masquerade
  }
}
`;
}

/** Commands that publish the ports of a container, or (`delete`) no longer do; empty when it has none. */
export function elementCommands(action: 'add' | 'delete', table: string, endpoint: NetworkEndpoint): string[] {
  const { every, one } = elementsOf([endpoint], action === 'add');
  return [
    ...every.map((element) => `${action} element ip ${table} published { ${element} }`),
    ...one.map((element) => `${action} element ip ${table} published_at { ${element} }`),
  ];
}
