import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerHttp2Stream } from 'node:http2';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { createTarParser, type TarEntry } from '../../base/tar-parser.ts';
import { clientTar, type FileRequest } from './file-sync.ts';
import { PacketSchema, type StatSchema } from './generated/fsutil_pb.ts';
import { connectGrpc } from './grpc-client.ts';
import { createDeframer, frameOf } from './grpc-frames.ts';
import { begin, finish, serveGrpc } from './grpc-server.ts';

interface Offer {
  stat: MessageInitShape<typeof StatSchema>;
  /** What really comes when it is asked for. */
  content?: Buffer;
}

const pieceSize = 32 << 10;

/** The client's half: lists, and sends what is asked for, a piece of each in turn. */
function offer(stream: ServerHttp2Stream, offers: readonly Offer[]): void {
  begin(stream);
  const send = (packet: MessageInitShape<typeof PacketSchema>) =>
    stream.write(frameOf(toBinary(PacketSchema, create(PacketSchema, packet))));
  for (const { stat } of offers) send({ type: 0, stat });
  send({ type: 0 });
  const deframe = createDeframer();
  const asked: { id: number; left: Buffer }[] = [];
  const goOn = () => {
    const next = asked.shift();
    if (!next) return;
    if (next.left.length === 0) send({ type: 2, ID: next.id });
    else {
      send({ type: 2, ID: next.id, data: next.left.subarray(0, pieceSize) });
      asked.push({ id: next.id, left: next.left.subarray(pieceSize) });
    }
    setImmediate(goOn);
  };
  stream.on('data', (chunk: Buffer) => {
    const isIdle = asked.length === 0;
    for (const message of deframe(chunk)) {
      const { type, ID } = fromBinary(PacketSchema, message);
      if (type === 1) asked.push({ id: ID, left: offers[ID]?.content ?? Buffer.alloc(0) });
      if (type !== 3) continue;
      send({ type: 3 });
      finish(stream);
    }
    if (isIdle) goOn();
  });
}

/** What arrives of a client that offers this. */
async function received(offers: readonly Offer[], request: FileRequest) {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-file-sync-'));
  const asked: Record<string, unknown>[] = [];
  const server = net.createServer((socket) =>
    serveGrpc(socket, {
      '/moby.filesync.v1.FileSync/DiffCopy': {
        take(stream, headers) {
          asked.push({ ...headers });
          offer(stream, offers);
        },
      },
    }),
  );
  server.listen(path.join(folder, 'socket'));
  await once(server, 'listening');
  const connection = connectGrpc(net.connect(path.join(folder, 'socket')));
  const entries: (TarEntry & { content: Buffer })[] = [];
  let pieces: Buffer[] = [];
  const parser = createTarParser({
    entry: (entry) => {
      pieces = [];
      entries.push({ ...entry, content: Buffer.alloc(0) });
    },
    data: (chunk) => void pieces.push(Buffer.from(chunk)),
    end: () => {
      const last = entries.at(-1);
      if (last) last.content = Buffer.concat(pieces);
    },
  });
  try {
    const session = { id: 'x', connection, methods: new Set<string>(), sharedKey: '' };
    const { signal } = new AbortController();
    for await (const piece of clientTar(session, request, { signal })) parser.push(piece);
    assert.deepEqual(parser.finish(), { marked: true });
  } finally {
    connection.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
  return { entries, asked };
}

const directory = 0x8000_0000 + 0o755;
const file = (name: string, content: Buffer, more: Offer['stat'] = {}): Offer => ({
  stat: { path: name, mode: 0o644, size: BigInt(content.length), modTime: 1_500_000_000n, ...more },
  content,
});

test('small and long files come at once and stand in the archive one after the other', async () => {
  const long = [1, 2].map((byte) => Buffer.alloc(700_000, byte));
  const small = Array.from({ length: 1500 }, (_, index) => file(`d/${index}`, Buffer.from(`file ${index}`)));
  const offers: Offer[] = [
    { stat: { path: 'd', mode: directory } },
    file('d-long-1', long[0] ?? Buffer.alloc(0)),
    ...small,
    file('e-long-2', long[1] ?? Buffer.alloc(0), { mode: 0o755 + 0x0080_0000 }),
    file('f', Buffer.alloc(0)),
    { stat: { path: 'g', mode: 0x0800_0000 + 0o777, linkname: 'd/1' } },
    { stat: { path: 'h', mode: 0o644, size: 6n, linkname: 'd/2' } },
    { stat: { path: 'socket', mode: 0x0100_0000 + 0o600 } },
  ];
  const { entries, asked } = await received(offers, { folder: 'context', exclude: ['a', 'ü'], follow: ['d', 'e'] });
  const of = (name: string) => entries.find((entry) => entry.name === name);
  assert.equal(entries.length, offers.length - 1);
  assert.deepEqual(of('d-long-1')?.content, long[0]);
  assert.deepEqual(of('e-long-2')?.content, long[1]);
  assert.equal(of('e-long-2')?.mode, 0o4755);
  for (const [index] of small.entries()) assert.equal(String(of(`d/${index}`)?.content), `file ${index}`);
  assert.deepEqual(of('d/7')?.modified, { seconds: 1, nanoseconds: 500_000_000 });
  assert.deepEqual([of('f')?.type, of('g')?.link, of('h')?.type, of('h')?.link], ['file', 'd/1', 'hardlink', 'd/2']);
  const { 'dir-name': name, followpaths, 'exclude-patterns': exclude } = asked[0] ?? {};
  assert.deepEqual([name, followpaths, exclude], ['context', 'd, e', 'a, %C3%BC']);
  assert.equal(asked[0]?.['exclude-patterns-encoded'], '1');
});

test('a file that the client cannot read, or that changes, fails by its name', async () => {
  const context = { folder: 'context' };
  const denied = file('secret/key', Buffer.from('abc'));
  await assert.rejects(
    received([{ ...denied, content: Buffer.alloc(0) }], context),
    /could not send secret\/key .* only 0 of 3 bytes/,
  );
  const grown = file('log', Buffer.alloc(5), { size: 3n });
  await assert.rejects(received([grown], context), /could not send log .* it grew/);
});
