import http from 'node:http';
import net from 'node:net';
import { buffer } from 'node:stream/consumers';
import { waitUntil } from './wait-until.ts';

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  bytes: Buffer;
  /** The body as JSON. @throws SyntaxError */
  json<T = { message: string }>(): T;
}

export interface RawRequest {
  method?: string;
  path: string;
  headers?: http.OutgoingHttpHeaders;
  body?: string | Buffer;
}

/** One request over a connection of its own, the body sent as it is. */
export function ask(socketPath: string, request: RawRequest): Promise<Answer> {
  const { method = 'GET', path, headers = {}, body } = request;
  return new Promise((resolve, reject) => {
    const sent = http.request({ socketPath, method, path, headers, agent: false }, (response) => {
      buffer(response).then((bytes) => {
        const text = bytes.toString();
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, text, bytes, json: () => JSON.parse(text) });
      }, reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** `ask` with a JSON body. */
export const askJson = (socketPath: string, path: string, body: unknown, method = 'POST') =>
  ask(socketPath, { method, path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** Bytes over the socket as they are, for what a well-behaved client never sends. */
export interface Wire {
  readonly socket: net.Socket;
  /** All that came so far. */
  received(): Buffer;
  until(what: string, condition: (received: Buffer) => boolean): Promise<Buffer>;
  /** Resolves when the other side has closed. */
  closed(): Promise<Buffer>;
}

export async function openWire(socketPath: string): Promise<Wire> {
  const socket = net.connect({ path: socketPath, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let ended = false;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('end', () => {
    ended = true;
  });
  // a reset is an answer too: tests look at what came before
  socket.on('error', () => {
    ended = true;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const received = () => Buffer.concat(chunks);
  return {
    socket,
    received,
    async until(what, condition) {
      await waitUntil(what, () => condition(received()));
      return received();
    },
    async closed() {
      await waitUntil('the other side closed', () => ended);
      socket.destroy();
      return received();
    },
  };
}

/** Docker's 8-byte framing taken apart: byte 0 the stream, bytes 4-7 the length. */
export function framesOf(bytes: Buffer): { stream: number; text: string }[] {
  const frames: { stream: number; text: string }[] = [];
  let at = 0;
  while (at + 8 <= bytes.length) {
    const length = bytes.readUInt32BE(at + 4);
    frames.push({ stream: bytes[at] ?? -1, text: bytes.subarray(at + 8, at + 8 + length).toString() });
    at += 8 + length;
  }
  return frames;
}
