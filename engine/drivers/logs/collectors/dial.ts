import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { closeDescriptor, errnoCode } from '../../../base/libc.ts';
import { openUnixDatagram, sendDatagram } from '../../../base/libc-socket.ts';
import { invalidOption, type LogOptions } from './collector.ts';

/** A connection that messages are written to. */
export interface Wire {
  /** Resolves when the kernel has it. */
  write(data: Uint8Array): Promise<void>;
  /** What came back, up to now unread; resolves with the next piece. @throws when it has ended. */
  read(): Promise<Buffer>;
  /** Why it ended, or undefined. */
  ended(): Error | undefined;
  close(): void;
}

export type Address =
  | { kind: 'tcp' | 'udp' | 'tls'; host: string; port: number }
  | { kind: 'unix' | 'unixgram'; path: string };

/** Milliseconds: for a connection, and for a write that the other side does not take. */
const patience = 10_000;

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

/** Go's words for a connection that could not be made. */
function dialError(address: Address, error: unknown): Error {
  const code = errnoCode(error) ?? '';
  const said = error instanceof Error ? error.message : String(error);
  if ('path' in address) {
    return new Error(`dial ${address.kind} ${address.path}: connect: ${words[code] ?? said}`, { cause: error });
  }
  const network = address.kind === 'udp' ? 'udp' : 'tcp';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new Error(`dial ${network}: lookup ${address.host}: no such host`, { cause: error });
  }
  if (words[code] === undefined && address.kind === 'tls') return new Error(said, { cause: error });
  return new Error(`dial ${network} ${joinAddress(address)}: connect: ${words[code] ?? said}`, { cause: error });
}

export const joinAddress = ({ host, port }: { host: string; port: number }) =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** A stream: TCP, TLS or a Unix socket. */
function streamWire(socket: net.Socket): Wire {
  let failure: Error | undefined;
  const received: Buffer[] = [];
  let wake = () => {};
  socket.on('data', (data) => {
    received.push(data as Buffer);
    wake();
  });
  const end = (error: Error) => {
    failure ??= error;
    wake();
  };
  socket.on('error', end);
  // the collector has left: what is written from now on would be lost in silence
  socket.on('end', () => end(new Error('the collector has closed the connection')));
  socket.on('close', () => end(new Error('the connection is closed')));
  socket.setTimeout(0);
  return {
    write: (data) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        const late = setTimeout(() => {
          socket.destroy(new Error('the collector does not take what it is sent'));
        }, patience).unref();
        socket.write(data, (error) => {
          clearTimeout(late);
          if (error ?? failure) reject(error ?? failure);
          else resolve();
        });
      }),
    async read() {
      for (;;) {
        const next = received.shift();
        if (next) return next;
        if (failure) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    ended: () => failure,
    close: () => socket.destroy(),
  };
}

function connected(socket: net.Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      socket.destroy(Object.assign(new Error('i/o timeout'), { code: 'ETIMEDOUT' }));
    }, patience).unref();
    const settle = (work: () => void) => {
      clearTimeout(late);
      work();
    };
    socket.once(event, () => settle(resolve));
    socket.once('error', (error) => settle(() => reject(error)));
  });
}

const readNothing = () => Promise.reject(new Error('nothing comes back'));

async function udpWire(host: string, port: number): Promise<Wire> {
  const socket = createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  socket.unref();
  // "nobody listens" comes back for an earlier datagram: as with Docker it is lost
  socket.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  return {
    write: (data) => new Promise((resolve) => socket.send(data, () => resolve())),
    read: readNothing,
    ended: () => undefined,
    close: () => socket.close(),
  };
}

function unixgramWire(path: string): Wire {
  const descriptor = openUnixDatagram(path);
  return {
    async write(data) {
      for (let waited = 0; ; waited++) {
        try {
          return sendDatagram(descriptor, data);
        } catch (error) {
          if (errnoCode(error) !== 'EAGAIN' || waited > patience / 10) throw error;
          // its queue is full, and nothing tells when it is not
          await sleep(10);
        }
      }
    },
    read: readNothing,
    ended: () => undefined,
    close: () => closeDescriptor(descriptor),
  };
}

/** @throws Error in Go's words. */
export async function dial(address: Address, secure?: tls.ConnectionOptions): Promise<Wire> {
  try {
    if ('path' in address && address.kind === 'unixgram') return unixgramWire(address.path);
    if ('host' in address && address.kind === 'udp') return await udpWire(address.host, address.port);
    const socket =
      'path' in address
        ? net.connect(address.path)
        : address.kind === 'tls'
          ? tls.connect({ ...secure, host: address.host, port: address.port, servername: serverName(address.host) })
          : net.connect(address.port, address.host);
    socket.unref();
    try {
      await connected(socket, address.kind === 'tls' ? 'secureConnect' : 'connect');
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return streamWire(socket);
  } catch (error) {
    throw dialError(address, error);
  }
}

const serverName = (host: string) => (net.isIP(host) ? '' : host);

/** The files that options of TLS name; `prefix` as in `syslog-tls-`. @throws EngineError in Docker's words. */
export function secureOptions(options: LogOptions, prefix: string): tls.ConnectionOptions {
  const read = (name: string, what: string) => {
    const file = options[`${prefix}${name}`];
    if (!file) return undefined;
    try {
      return readFileSync(file);
    } catch (error) {
      const why = words[errnoCode(error) ?? ''] ?? String(error);
      throw invalidOption(`could not ${what} "${file}": open ${file}: ${why}`);
    }
  };
  const ca = read('ca-cert', 'read CA certificate');
  const cert = read('cert', 'load X509 key pair');
  const key = read('key', 'load X509 key pair');
  // as in Docker: any value but nothing
  const rejectUnauthorized = !options[`${prefix}skip-verify`];
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), rejectUnauthorized };
}
