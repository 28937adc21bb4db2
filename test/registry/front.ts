import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What a registry's answer for one request becomes; undefined: as it is. */
export type Sickness =
  | { kind: 'cut' /** Bytes that are sent before the connection breaks. */; after: number }
  | { kind: 'wrong' /** Offset of the byte that is turned over. */; at: number }
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
  /** Ranges are not obeyed. */
  | { kind: 'whole' }
  /** The answer does not go on after so many bytes, and the connection stays. */
  | { kind: 'stall'; after: number }
  /** No answer at all. */
  | { kind: 'silent' }
  /** Bytes a second. */
  | { kind: 'slow'; speed: number }
  /** Another path's answer: an old tag. */
  | { kind: 'instead'; path: string };

export interface Seen {
  method: string;
  path: string;
  range?: string;
  authorization?: string;
  /** Bytes of the body that were sent on. */
  sent: number;
  /** When the last of them was; milliseconds since the epoch. */
  ended?: number;
}

/** A server before a registry that counts what it sends, and may be sick or slow. */
export interface Front extends AsyncDisposable {
  readonly host: string;
  readonly seen: readonly Seen[];
  /** Decides for each request. */
  sickness: (seen: Seen) => Sickness | undefined;
  /** Bytes a second of each answer; 0: as fast as it goes. */
  speed: number;
  /** Bytes of blobs sent so far. */
  blobBytes(): number;
}

export async function startFront(registry: string): Promise<Front> {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    const { range, authorization } = incoming.headers;
    const asked = { method: incoming.method ?? '', path: incoming.url ?? '', sent: 0 };
    const entry: Seen = { ...asked, ...(range && { range }), ...(authorization && { authorization }) };
    seen.push(entry);
    const sickness = front.sickness(entry);
    if (sickness?.kind === 'status') {
      incoming.resume();
      outgoing.writeHead(sickness.status, sickness.headers ?? {}).end(sickness.body ?? '');
      return;
    }
    if (sickness?.kind === 'silent') return void incoming.resume();
    const { range: _, ...others } = incoming.headers;
    const headers = sickness?.kind === 'whole' ? others : incoming.headers;
    const target = sickness?.kind === 'instead' ? sickness.path : incoming.url;
    const onward = request(`http://${registry}${target}`, { method: incoming.method ?? 'GET', headers });
    onward.on('response', async (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      const speed = () => (sickness?.kind === 'slow' ? sickness.speed : front.speed);
      await passOn(answer, outgoing, entry, sickness, speed).catch(() => outgoing.destroy());
      answer.destroy();
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const front: Front = {
    host: `127.0.0.1:${port}`,
    seen,
    sickness: () => undefined,
    speed: 0,
    blobBytes: () => seen.filter(({ path }) => path.includes('/blobs/')).reduce((sum, { sent }) => sum + sent, 0),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
  return front;
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off('drain', done).off('close', done);
      resolve();
    };
    outgoing.once('drain', done).once('close', done);
  });
}

async function* cutUp(answer: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  for await (const piece of answer) {
    for (let at = 0; at < piece.length; at += size) yield piece.subarray(at, at + size);
  }
}

async function passOn(
  answer: AsyncIterable<Buffer>,
  outgoing: ServerResponse,
  entry: Seen,
  sickness: Sickness | undefined,
  speed: () => number,
): Promise<void> {
  // small pieces where time is what counts
  const pieces = sickness?.kind === 'slow' ? cutUp(answer, 4096) : answer;
  for await (const piece of pieces) {
    if (sickness?.kind === 'cut' && entry.sent + piece.length > sickness.after) {
      const rest = piece.subarray(0, sickness.after - entry.sent);
      entry.sent += rest.length;
      outgoing.write(rest, () => outgoing.destroy());
      return;
    }
    if (sickness?.kind === 'stall' && entry.sent + piece.length > sickness.after) {
      const rest = piece.subarray(0, sickness.after - entry.sent);
      entry.sent += rest.length;
      outgoing.write(rest);
      await new Promise((resolve) => outgoing.once('close', resolve));
      return;
    }
    if (sickness?.kind === 'wrong' && sickness.at >= entry.sent && sickness.at < entry.sent + piece.length) {
      const at = sickness.at - entry.sent;
      piece[at] = (piece[at] ?? 0) ^ 1;
    }
    entry.sent += piece.length;
    if (!outgoing.write(piece)) await drained(outgoing);
    if (outgoing.destroyed) return;
    if (speed() > 0) await new Promise((resolve) => setTimeout(resolve, (piece.length / speed()) * 1000));
  }
  outgoing.end();
  entry.ended = Date.now();
}
