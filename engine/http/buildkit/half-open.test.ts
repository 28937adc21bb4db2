import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { connectGrpc } from './grpc-client.ts';
import { serveGrpc } from './grpc-server.ts';

/** Both ends of a connection; the first is half open, as those of an HTTP server are. */
async function connected(): Promise<[Socket, Socket]> {
  const server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const other = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [socket, other];
}

/** An empty SETTINGS frame of HTTP/2: streams have room for 64 KiB. */
const settings = Buffer.from('000000040000000000', 'hex');

test('a called side that goes away while it has no room for what is sent: the call ends', async () => {
  const [socket, other] = await connected();
  other.write(settings);
  const connection = connectGrpc(socket);
  const closed = new Promise<void>((resolve) => connection.onClose(resolve));
  const call = connection.open('/takes/Nothing', {}, new AbortController().signal);
  call.send(Buffer.alloc(1 << 20));
  const failed = assert.rejects(call.messages().next(), /has closed its session/);
  other.resume();
  // all that it has room for has come: there is nothing left to write, of which the writing would fail
  await once(other, 'data');
  await new Promise((resolve) => setTimeout(resolve, 100));
  other.end();
  await Promise.all([closed, failed]);
  other.destroy();
});

test('a caller that goes away: its calls hear of it', async () => {
  const [socket, other] = await connected();
  const called = new Promise<AbortSignal>((resolve) => {
    const messages = async function* (signal: AbortSignal) {
      resolve(signal);
      await new Promise<void>((done) => signal.addEventListener('abort', () => done()));
    };
    serveGrpc(socket, { '/waits/Long': { answer: (_, { signal }) => ({ messages: messages(signal) }) } });
  });
  other.resume();
  const client = connectGrpc(other);
  const call = client.open('/waits/Long', {}, new AbortController().signal);
  call.send(Buffer.alloc(0));
  call.end();
  call
    .messages()
    .next()
    .catch(() => {});
  const signal = await called;
  other.end();
  if (!signal.aborted) await once(signal, 'abort');
  client.close();
});
