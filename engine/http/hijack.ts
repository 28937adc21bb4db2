import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { EngineError } from '../base/errors.ts';
import { jsonLimit, parseJson, readJson, refuseTooLarge } from './body.ts';
import type { Exchange } from './route.ts';

/** A connection taken over: bytes in, bytes out. */
export interface HijackedConnection {
  readonly input: Readable;
  readonly output: Writable;
  /** Each side ends on its own; else the end of the client's is that of ours. */
  readonly halfOpen: boolean;
  /** Ends our side behind what was written, and lets the client end its own. */
  part(): void;
}

/**
 * The JSON body of a request whose connection will be taken over; undefined when there is none. Then `hijack` is told
 * that the body was read.
 * @throws EngineError `invalid` as `readJson` does.
 */
export async function readHijackBody({ request, upgrade }: Exchange): Promise<unknown> {
  if (!upgrade) return readJson(request);
  const { socket, head } = upgrade;
  if (head.length > 0) socket.unshift(head);
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > jsonLimit) refuseTooLarge();
  return parseJson(request, await takeBytes(socket, length));
}

/**
 * Takes the connection from HTTP (Docker Engine API, "Attach to a container", hijacking): `101 UPGRADED` when the
 * client asked for it, else `200 OK` and the raw connection. A body of known length is no input (dockerode sends its
 * options there); one that is chunked is.
 */
export async function hijack(
  exchange: Exchange,
  contentType: string,
  { bodyRead = false }: { bodyRead?: boolean } = {},
): Promise<HijackedConnection> {
  const { request, upgrade } = exchange;
  const bodyLength = Number(request.headers['content-length'] ?? 0);
  if (upgrade) {
    const { socket, head } = upgrade;
    release(exchange, socket);
    if (!bodyRead) {
      if (head.length > 0) socket.unshift(head);
      await takeBytes(socket, bodyLength);
    }
    socket.write(
      `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${contentType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    );
    return { input: socket, output: socket, halfOpen: true, part: () => part(socket) };
  }
  const socket = request.socket;
  const chunked = 'transfer-encoding' in request.headers && !bodyRead;
  if (!chunked) {
    if (!request.complete) await passBody(request);
    takeFromParser(socket);
  }
  release(exchange, socket);
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\n\r\n`);
  return { input: chunked ? request : socket, output: socket, halfOpen: true, part: () => part(socket) };
}

/** @throws EngineError `cancelled` when the client leaves before the end of the body. */
async function passBody(request: IncomingMessage): Promise<void> {
  try {
    await finished(request.resume());
  } catch (cause) {
    throw new EngineError('cancelled', 'the client closed the connection before the whole body came', { cause });
  }
}

/** Longest that a client may take to close its side once ours is closed. */
const partMilliseconds = 5000;

/**
 * Closes our side of a connection and lets the client close its own: a socket that is closed with input unread makes the
 * kernel drop what the client has not read yet (ECONNRESET). What it still sends has to be read by somebody.
 */
export function part(socket: Socket): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), partMilliseconds).unref();
  socket.once('close', () => clearTimeout(timer));
  socket.once('end', () => socket.destroySoon());
  socket.end();
  if (socket.readableEnded) socket.destroySoon();
}

/** Resolves when there may be more to read, or nothing comes any more. Leaves no listener, however often it is called. */
function moved(socket: Socket): Promise<void> {
  const events = ['readable', 'end', 'close'];
  return new Promise((resolve) => {
    const heard = () => {
      for (const event of events) socket.off(event, heard);
      resolve();
    };
    for (const event of events) socket.on(event, heard);
  });
}

async function takeBytes(socket: Socket, count: number): Promise<Buffer> {
  const taken: Buffer[] = [];
  let left = count;
  while (left > 0 && !socket.readableEnded && !socket.destroyed) {
    const chunk: Buffer | null = socket.read();
    if (!chunk) {
      await moved(socket);
      continue;
    }
    if (chunk.length > left) socket.unshift(chunk.subarray(left));
    taken.push(chunk.subarray(0, left));
    left -= Math.min(left, chunk.length);
  }
  return Buffer.concat(taken);
}

/** The response object lets go of the socket, without ending it. */
export function release({ response }: Exchange, socket: Socket): void {
  response.removeAllListeners('finish');
  response.detachSocket(socket);
  socket.setTimeout(0);
  socket.on('error', () => socket.destroy());
}

/**
 * Node has no public way to leave HTTP without `Upgrade`: what follows on the connection would be parsed as the next
 * request. A `data` listener makes Node hand bytes to listeners instead of its parser; the parser's own are taken off.
 */
function takeFromParser(socket: Socket): void {
  const stop = () => {};
  socket.on('data', stop);
  socket.pause();
  for (const event of ['data', 'end', 'drain', 'timeout']) socket.removeAllListeners(event);
}
