/**
 * Bound ports that pass on what comes to them. IPv4 from elsewhere is translated by the kernel before it gets here; what
 * arrives is IPv6, which cannot be translated to a container's IPv4 address.
 */
import dgram from 'node:dgram';
import net from 'node:net';

export interface Forwarder {
  readonly port: number;
  close(): Promise<void>;
}

export interface ForwardRequest {
  protocol: 'tcp' | 'udp';
  address: string;
  /** 0 = any. */
  port: number;
  target: { address: string; port: number };
}

/** A client of a udp port is forgotten after this time without a packet, as dockerd's proxy does. */
const udpIdleMilliseconds = 90_000;

/** Resolves when it is bound. @throws Error with `code` (EADDRINUSE, EADDRNOTAVAIL, EACCES). */
export function openForwarder(request: ForwardRequest): Promise<Forwarder> {
  return request.protocol === 'tcp' ? openTcp(request) : openUdp(request);
}

function passOn(client: net.Socket, { address, port }: ForwardRequest['target']): void {
  const server = net.connect({ host: address, port, allowHalfOpen: true });
  // a failure of one side is a reset of the other; an orderly end is passed on by pipe
  client.on('error', () => server.resetAndDestroy());
  server.on('error', () => client.resetAndDestroy());
  client.setNoDelay(true);
  server.setNoDelay(true);
  client.pipe(server).pipe(client);
}

function openTcp({ address, port, target }: ForwardRequest): Promise<Forwarder> {
  const open = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    open.add(client);
    client.once('close', () => open.delete(client));
    passOn(client, target);
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const client of open) client.resetAndDestroy();
    });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, ipv6Only: true, exclusive: true }, () => {
      server.off('error', reject);
      // out of descriptors: this connection is lost, the port is not
      server.on('error', () => {});
      const bound = server.address();
      resolve({ port: typeof bound === 'object' && bound ? bound.port : port, close });
    });
  });
}

interface UdpClient {
  socket: dgram.Socket;
  idle: NodeJS.Timeout;
}

function openUdp({ address, port, target }: ForwardRequest): Promise<Forwarder> {
  const front = dgram.createSocket(address.includes(':') ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
  const clients = new Map<string, UdpClient>();
  const forget = (key: string) => {
    const client = clients.get(key);
    if (!client) return;
    clients.delete(key);
    clearTimeout(client.idle);
    client.socket.close();
  };
  const clientOf = (from: dgram.RemoteInfo): UdpClient => {
    const key = `${from.address} ${from.port}`;
    const known = clients.get(key);
    if (known) return known;
    const socket = dgram.createSocket('udp4');
    const made = { socket, idle: setTimeout(forget, udpIdleMilliseconds, key) };
    clients.set(key, made);
    socket.on('error', () => forget(key));
    socket.on('message', (data) => {
      made.idle.refresh();
      front.send(data, from.port, from.address, () => {});
    });
    socket.connect(target.port, target.address);
    return made;
  };
  front.on('message', (data, from) => {
    const { socket, idle } = clientOf(from);
    idle.refresh();
    const send = () => socket.send(data, () => {});
    try {
      socket.remoteAddress();
      send();
    } catch {
      socket.once('connect', send);
    }
  });
  const close = () =>
    new Promise<void>((resolve) => {
      for (const key of [...clients.keys()]) forget(key);
      front.close(() => resolve());
    });
  return new Promise((resolve, reject) => {
    front.once('error', reject);
    front.bind({ address, port, exclusive: true }, () => {
      front.off('error', reject);
      front.on('error', () => {});
      resolve({ port: front.address().port, close });
    });
  });
}
