import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, inflateSync } from 'node:zlib';
import { decodeMultiStream, type ExtData, encode } from '@msgpack/msgpack';
import { adoptDescriptor, openUnixDatagram } from '../../engine/base/libc-socket.ts';

/** A server that drivers of logs send to; what came is read as the protocol says. */
export interface Receiver<T> {
  /** `tcp://127.0.0.1:PORT`, `unix:///…`. */
  readonly address: string;
  readonly received: readonly T[];
  close(): Promise<void>;
}

async function streamServer(serve: (socket: net.Socket) => void, where: { port: number } | { path: string }) {
  const clients = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    clients.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => clients.delete(socket));
    serve(socket);
  });
  server.listen('path' in where ? where : { ...where, host: '127.0.0.1' });
  await once(server, 'listening');
  return {
    address: 'path' in where ? `unix://${where.path}` : `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const client of clients) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function datagramServer(take: (message: Buffer) => void) {
  const socket = createSocket('udp4');
  socket.on('message', take);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `udp://127.0.0.1:${socket.address().port}`,
    async close() {
      socket.close();
    },
  };
}

export interface SyslogMessage {
  facility: number;
  severity: number;
  /** Of RFC 5424 only, the rest of the header. */
  version?: string;
  time: string;
  host?: string;
  tag: string;
  text: string;
}

/** RFC 3164 as syslogd reads it (with or without a host), RFC 5424 (6). */
export function parseSyslog(line: string): SyslogMessage {
  const [, priority, rest = ''] = /^<(\d{1,3})>(.*)$/s.exec(line) ?? [];
  if (priority === undefined) throw new Error(`no syslog message: ${line}`);
  const common = { facility: Number(priority) >> 3, severity: Number(priority) & 7 };
  const modern = /^(1) (\S+) (\S+) (\S+) (\S+) (\S+) (?:-|\[.*?\])(?: (.*))?$/s.exec(rest);
  if (modern) {
    const [, version = '', time = '', host = '', tag = '', , , text = ''] = modern;
    return { ...common, version, time, host, tag, text };
  }
  const old = /^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (?:(\S+) )?([^\s:[]+)\[\d+\]: (.*)$/s.exec(rest);
  if (!old) throw new Error(`no syslog message: ${line}`);
  const [, time = '', host, tag = '', text = ''] = old;
  return { ...common, time, ...(host !== undefined && { host }), tag, text };
}

/** A syslogd: of streams with a newline after each message (RFC 6587, 3.4.2). */
export async function syslogServer(
  kind: 'udp' | 'tcp' | 'unix' | 'unixgram',
  port = 0,
): Promise<Receiver<SyslogMessage>> {
  const received: SyslogMessage[] = [];
  const take = (message: Buffer) => void received.push(parseSyslog(message.toString().replace(/\n$/, '')));
  if (kind === 'udp') return { ...(await datagramServer(take)), received };
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-syslog-'));
  const file = path.join(folder, 'log');
  if (kind === 'unixgram') {
    const socket = adoptDescriptor(openUnixDatagram(file, { bound: true }));
    socket.on('data', take);
    const close = async () => {
      socket.destroy();
      rmSync(folder, { recursive: true });
    };
    return { address: `unixgram://${file}`, received, close };
  }
  const serve = (socket: net.Socket) => {
    let rest = '';
    socket.on('data', (data) => {
      const lines = (rest + data.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(Buffer.from(line));
    });
  };
  const server = await streamServer(serve, kind === 'tcp' ? { port } : { path: file });
  const close = async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { address: server.address, received, close };
}

export interface FluentMessage {
  tag: string;
  /** Nanoseconds are 0 where the time is a whole number. */
  time: { seconds: number; nanoseconds: number };
  record: Readonly<Record<string, unknown>>;
}

/** The forward protocol (v1), message mode; answers chunks. */
export async function fluentServer(port = 0): Promise<Receiver<FluentMessage>> {
  const received: FluentMessage[] = [];
  const server = await streamServer(
    async (socket) => {
      try {
        for await (const message of decodeMultiStream(socket)) {
          const [tag, time, record, option] = message as [
            string,
            number | ExtData,
            FluentMessage['record'],
            { chunk?: string }?,
          ];
          received.push({ tag, time: eventTime(time), record });
          if (option?.chunk !== undefined) socket.write(encode({ ack: option.chunk }));
        }
      } catch {
        // a client that leaves in the middle
      }
    },
    { port },
  );
  return { address: server.address, close: server.close, received };
}

function eventTime(time: number | ExtData): FluentMessage['time'] {
  if (typeof time === 'number') return { seconds: time, nanoseconds: 0 };
  const data = Buffer.from(time.data as Uint8Array);
  if (time.type !== 0 || data.length !== 8) throw new Error(`no EventTime: type ${time.type}, ${data.length} bytes`);
  return { seconds: data.readUInt32BE(0), nanoseconds: data.readUInt32BE(4) };
}

export type GelfMessage = Readonly<Record<string, unknown>>;

function inflated(data: Buffer): Buffer {
  if (data[0] === 0x1f && data[1] === 0x8b) return gunzipSync(data);
  return data[0] === 0x78 ? inflateSync(data) : data;
}

/** Graylog's: over UDP chunked and compressed, over TCP with a zero byte after each. */
export async function gelfServer(kind: 'udp' | 'tcp'): Promise<Receiver<GelfMessage>> {
  const received: GelfMessage[] = [];
  const take = (data: Buffer) => void received.push(JSON.parse(inflated(data).toString()) as GelfMessage);
  if (kind === 'tcp') {
    const serve = (socket: net.Socket) => {
      let rest = '';
      socket.on('data', (data) => {
        const all = (rest + data.toString()).split('\0');
        rest = all.pop() ?? '';
        for (const one of all) take(Buffer.from(one));
      });
    };
    return { ...(await streamServer(serve, { port: 0 })), received };
  }
  const chunks = new Map<string, Buffer[]>();
  const server = await datagramServer((message) => {
    if (message.readUInt16BE(0) !== 0x1e0f) return take(message);
    const id = message.toString('hex', 2, 10);
    const [number = 0, count = 0] = message.subarray(10, 12);
    const pieces = chunks.get(id) ?? [];
    pieces[number] = message.subarray(12);
    chunks.set(id, pieces);
    if (pieces.filter(Boolean).length < count) return;
    chunks.delete(id);
    take(Buffer.concat(pieces));
  });
  return { ...server, received };
}

/** A port of 127.0.0.1 on which nobody listens now. */
export async function freePort(): Promise<number> {
  const server = await streamServer(() => {}, { port: 0 });
  await server.close();
  return Number(new URL(server.address).port);
}
