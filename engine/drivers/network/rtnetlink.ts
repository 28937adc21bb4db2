import { constants } from 'node:os';
import { closeDescriptor } from '../../base/libc.ts';
import { netlinkProtocols, openNetlink, receiveDatagram, sendDatagram } from '../../base/libc-socket.ts';
import { baseOf, type Ipv4Range, ipv4Bytes } from './ip-address.ts';
import {
  attribute,
  attributesIn,
  endOf,
  flags,
  messageOf,
  messagesIn,
  type NetlinkMessage,
  nested,
  numberAttribute,
  textAttribute,
  textOf,
} from './netlink-message.ts';

export interface Link {
  index: number;
  name: string;
  mtu: number;
  /** Index of the bridge it belongs to; 0 = none. */
  master: number;
  /** Hardware address, `02:42:…`. */
  mac: string;
}

export interface Route extends Ipv4Range {
  /** Index of the link it leads out of. */
  output: number;
}

export interface VethRequest {
  /** Of the end that stays here; it is set up. */
  name: string;
  bridge: number;
  mtu: number;
  /** The other end: made under its final name in the namespace behind the descriptor, or in ours. */
  peer: { name: string; mac: string; namespace?: number };
}

/** Links, addresses and routes of one network namespace, rtnetlink(7). Each call is one exchange of 10 to 500 µs. */
export interface RouteSocket {
  findLink(name: string): Link | undefined;
  links(): Link[];
  /** IPv4 routes of every table, the host's own addresses among them. */
  routes(): Route[];
  /** @returns its index */
  addBridge(bridge: { name: string; mac: string; mtu: number }): number;
  addVeth(request: VethRequest): void;
  setUp(index: number): void;
  /** Lets a port of a bridge send back what came from it. */
  setHairpin(index: number): void;
  addAddress(index: number, address: number, prefix: number): void;
  addDefaultRoute(gateway: number): void;
  /** False when there is none of this name. */
  removeLink(name: string): boolean;
  close(): void;
}

const types = { newLink: 16, deleteLink: 17, getLink: 18, newAddress: 20, newRoute: 24, getRoute: 26 } as const;
const link = { mac: 1, name: 3, mtu: 4, master: 10, info: 18, namespace: 28 } as const;
const info = { kind: 1, data: 2, slaveKind: 4, slaveData: 5 } as const;
const vethPeer = 1;
const hairpinMode = 4;
const inet = 2;
const up = 1;
/** Of the multicast groups, the one that tells about links. */
export const linkGroup = 1;
const noSuchDevice = constants.errno.ENODEV;
const errorNames = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));

/** struct ifinfomsg */
function linkHeader(index = 0, state = 0): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(index, 4);
  bytes.writeUInt32LE(state, 8);
  bytes.writeUInt32LE(state, 12);
  return bytes;
}

const macBytes = (mac: string) => Buffer.from(mac.replaceAll(':', ''), 'hex');

function linkOf({ body }: NetlinkMessage): Link {
  const found = attributesIn(body.subarray(16));
  return {
    index: body.readInt32LE(4),
    name: textOf(found.get(link.name)),
    mtu: found.get(link.mtu)?.readUInt32LE() ?? 0,
    master: found.get(link.master)?.readUInt32LE() ?? 0,
    mac: found.get(link.mac)?.toString('hex').match(/../g)?.join(':') ?? '',
  };
}

function routeOf({ body }: NetlinkMessage): Route {
  const found = attributesIn(body.subarray(12));
  return {
    base: found.get(1)?.readUInt32BE() ?? 0,
    prefix: body.readUInt8(1),
    output: found.get(4)?.readInt32LE() ?? 0,
  };
}

/** Names of the links that a datagram of `linkGroup` says are gone. */
export function deletedLinks(datagram: Buffer): string[] {
  return messagesIn(datagram)
    .filter(({ type }) => type === types.deleteLink)
    .map((message) => linkOf(message).name);
}

/** @throws Error with `code`, e.g. EEXIST, from every call that the kernel refuses. */
export function openRouteSocket(): RouteSocket {
  const descriptor = openNetlink(netlinkProtocols.route);
  const space = Buffer.alloc(64 * 1024);
  let sequence = 0;
  const ask = (type: number, flagBits: number, ...parts: readonly Uint8Array[]): NetlinkMessage[] => {
    sequence++;
    sendDatagram(descriptor, messageOf(type, flagBits, sequence, ...parts));
    const answers: NetlinkMessage[] = [];
    for (;;) {
      for (const message of messagesIn(Buffer.from(receiveDatagram(descriptor, space)))) {
        if (message.sequence !== sequence) continue;
        const end = endOf(message);
        if (end === 'end') return answers;
        if (end !== 'more') throw refusal(end);
        answers.push(message);
      }
    }
  };
  const change = (type: number, flagBits: number, ...parts: readonly Uint8Array[]) =>
    void ask(type, flagBits | flags.acknowledge, ...parts);
  return { ...lookingUp(ask), ...changing(ask, change), close: () => void closeDescriptor(descriptor) };
}

function refusal(errno: number): Error {
  const code = errorNames.get(errno) ?? `E${errno}`;
  return Object.assign(new Error(`rtnetlink: ${code}`), { code, errno, syscall: 'rtnetlink' });
}

type Ask = (type: number, flagBits: number, ...parts: readonly Uint8Array[]) => NetlinkMessage[];

/** What the kernel answers when there is no link of this name. */
function unlessMissing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && 'errno' in error && error.errno === noSuchDevice) return undefined;
    throw error;
  }
}

function lookingUp(ask: Ask): Pick<RouteSocket, 'findLink' | 'links' | 'routes'> {
  const routeHeader = Buffer.alloc(12);
  routeHeader.writeUInt8(inet, 0);
  return {
    findLink: (name) =>
      unlessMissing(() => ask(types.getLink, flags.acknowledge, linkHeader(), textAttribute(link.name, name)))
        ?.map(linkOf)
        .at(0),
    links: () => ask(types.getLink, flags.dump, linkHeader()).map(linkOf),
    routes: () => ask(types.getRoute, flags.dump, routeHeader).map(routeOf),
  };
}

function changing(
  ask: Ask,
  change: (...args: Parameters<Ask>) => void,
): Omit<RouteSocket, 'findLink' | 'links' | 'routes' | 'close'> {
  const make = flags.create | flags.exclusive;
  return {
    addBridge({ name, mac, mtu }) {
      const kind = nested(link.info, textAttribute(info.kind, 'bridge'));
      const parts = [textAttribute(link.name, name), attribute(link.mac, macBytes(mac))];
      change(types.newLink, make, linkHeader(), ...parts, kind);
      const [made] = ask(types.getLink, flags.acknowledge, linkHeader(), textAttribute(link.name, name)).map(linkOf);
      const index = made?.index ?? 0;
      // of one that is given at the birth of a bridge the kernel thinks nothing when the last port leaves
      change(types.newLink, 0, linkHeader(index), numberAttribute(link.mtu, mtu));
      return index;
    },
    addVeth({ name, bridge, mtu, peer }) {
      const other = nested(
        vethPeer,
        ...[linkHeader(), textAttribute(link.name, peer.name)],
        ...(peer.namespace === undefined ? [] : [numberAttribute(link.namespace, peer.namespace)]),
        ...[attribute(link.mac, macBytes(peer.mac)), numberAttribute(link.mtu, mtu)],
      );
      const kind = nested(link.info, textAttribute(info.kind, 'veth'), nested(info.data, other));
      const parts = [
        textAttribute(link.name, name),
        numberAttribute(link.master, bridge),
        numberAttribute(link.mtu, mtu),
      ];
      change(types.newLink, make, linkHeader(0, up), ...parts, kind);
    },
    setUp: (index) => change(types.newLink, 0, linkHeader(index, up)),
    setHairpin(index) {
      const data = nested(info.slaveData, attribute(hairpinMode, Buffer.of(1)));
      change(types.newLink, 0, linkHeader(index), nested(link.info, textAttribute(info.slaveKind, 'bridge'), data));
    },
    addAddress(index, address, prefix) {
      const header = Buffer.of(inet, prefix, 0, 0, 0, 0, 0, 0);
      header.writeUInt32LE(index, 4);
      const broadcast = ipv4Bytes(baseOf(address, prefix) + 2 ** (32 - prefix) - 1);
      const own = ipv4Bytes(address);
      change(types.newAddress, make, header, attribute(2, own), attribute(1, own), attribute(4, broadcast));
    },
    addDefaultRoute(gateway) {
      // struct rtmsg: table main, protocol boot, scope universe, type unicast
      const header = Buffer.of(inet, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0);
      change(types.newRoute, make, header, attribute(5, ipv4Bytes(gateway)));
    },
    removeLink: (name) =>
      unlessMissing(() => {
        change(types.deleteLink, 0, linkHeader(), textAttribute(link.name, name));
        return true;
      }) ?? false,
  };
}
