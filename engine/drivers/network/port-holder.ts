/** Who has a port of this host, from /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { SocketAddress } from 'node:net';
import path from 'node:path';
import type { PortProtocol } from './network-provider.ts';

/** A socket of proc(5)'s tables that has a port. */
export interface BoundSocket {
  /** `0.0.0.0`, `::1`; what IPv6 says of an IPv4 address is that address. */
  address: string;
  port: number;
  inode: string;
}

/** What somebody wants to bind; an empty address stands for every address of the host. */
export interface WantedPort {
  address: string;
  port: number;
  protocol: PortProtocol;
}

/** A process by its program's name and pid; the name is empty and the pid 0 where /proc does not tell. */
export interface PortHolder {
  name: string;
  pid: number;
}

const tcpListens = '0A';
const anyIpv4 = '0.0.0.0';
const anyIpv6 = '::';
const highest = 0xffff;

/** An address as the kernel writes it: words of four bytes, each in the order of the machine (little endian). */
export function kernelAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.slice(index * 2, index * 2 + 2).join(''));
  const { address } = new SocketAddress({ address: groups.join(':'), family: 'ipv6' });
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}

/** Bound sockets of one table of /proc/net (proc(5)): of tcp those that listen. */
export function boundSockets(table: string, protocol: PortProtocol): BoundSocket[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [, local = '', , state = ''] = fields;
      const [address = '', number = ''] = local.split(':');
      const inode = fields[9];
      const port = Number.parseInt(number, 16);
      if (!inode || Number.isNaN(port) || (protocol === 'tcp' && state !== tcpListens)) return [];
      return [{ address: kernelAddress(address), port, inode }];
    });
}

const isIpv6 = (address: string) => address.includes(':');

/** Whether who is bound to the one address keeps another from the other. */
export function addressesMeet(bound: string, wanted: string): boolean {
  if (wanted === '' || bound === wanted) return true;
  if (isIpv6(wanted)) return isIpv6(bound) && (bound === anyIpv6 || wanted === anyIpv6);
  // a socket on every IPv6 address takes IPv4 as well, unless it was told otherwise, which /proc does not say
  return bound === anyIpv6 || (!isIpv6(bound) && (bound === anyIpv4 || wanted === anyIpv4));
}

const readOr = <T>(read: () => T, otherwise: T): T => {
  try {
    return read();
  } catch {
    // a process that ended meanwhile, a kernel without IPv6
    return otherwise;
  }
};

function socketsNow(protocol: PortProtocol): BoundSocket[] {
  return [protocol, `${protocol}6`].flatMap((name) =>
    boundSockets(
      readOr(() => readFileSync(`/proc/self/net/${name}`, 'utf8'), ''),
      protocol,
    ),
  );
}

/** Of its program: what a process calls itself (`comm`) may be its thread's name, `MainThread` with node and Python. */
function nameOf(pid: string): string {
  const program = readOr(() => path.basename(readlinkSync(`/proc/${pid}/exe`)), '').replace(/ \(deleted\)$/, '');
  return program || readOr(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), '');
}

/** The process that has the socket open, by looking through every process's descriptors. */
function processWith(inodes: ReadonlySet<string>): PortHolder {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) =>
    readOr(() => readdirSync(`/proc/${pid}/fd`), []).some((fd) => {
      const target = readOr(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '');
      return target.startsWith('socket:[') && inodes.has(target.slice('socket:['.length, -1));
    }),
  );
  if (found === undefined) return { name: '', pid: 0 };
  return { name: nameOf(found), pid: Number(found) };
}

/** The ports of this host at one moment. */
export interface PortLookout {
  /** Undefined for a port that can be bound. */
  holder(wanted: WantedPort): PortHolder | undefined;
  /** The next number above it that could be bound on the same address; 0 = none. `avoid`: numbers to leave out. */
  nextFree(wanted: WantedPort, avoid?: ReadonlySet<number>): number;
}

/** Looks at the ports of this host now; who holds one is looked up when it is asked. */
export function lookAtPorts(): PortLookout {
  const tables = new Map<PortProtocol, BoundSocket[]>();
  const inTheWay = ({ address, protocol }: WantedPort) => {
    const sockets = tables.get(protocol) ?? socketsNow(protocol);
    tables.set(protocol, sockets);
    return sockets.filter((socket) => addressesMeet(socket.address, address));
  };
  return {
    holder(wanted) {
      const found = inTheWay(wanted).filter(({ port }) => port === wanted.port);
      return found.length === 0 ? undefined : processWith(new Set(found.map(({ inode }) => inode)));
    },
    nextFree(wanted, avoid = new Set()) {
      const taken = new Set(inTheWay(wanted).map(({ port }) => port));
      let next = wanted.port + 1;
      while (taken.has(next) || avoid.has(next)) next++;
      return next <= highest ? next : 0;
    },
  };
}
