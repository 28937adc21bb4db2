import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { openForwarder } from './port-forwarders.ts';

const local = '127.0.0.1';

async function shouting(): Promise<{ port: number; close(): void }> {
  const server = net.createServer({ allowHalfOpen: true }, async (socket) => {
    socket.end((await text(socket)).toUpperCase());
  });
  await once(server.listen(0, local), 'listening');
  return { port: (server.address() as net.AddressInfo).port, close: () => void server.close() };
}

for (const address of [local, '::1']) {
  test(`tcp at ${address}: bytes go both ways, a half-close too`, async () => {
    const server = await shouting();
    const target = { address: local, port: server.port };
    const forwarder = await openForwarder({ protocol: 'tcp', address, port: 0, target });
    try {
      const client = net.connect({ host: address, port: forwarder.port, allowHalfOpen: true });
      client.end('hello');
      assert.equal(await text(client), 'HELLO');
    } finally {
      await forwarder.close();
      server.close();
    }
  });
}

test('nobody listens: the client is reset; a taken port is told', async () => {
  const target = { address: local, port: 1 };
  const forwarder = await openForwarder({ protocol: 'tcp', address: local, port: 0, target });
  try {
    const client = net.connect({ host: local, port: forwarder.port });
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
    const again = openForwarder({ protocol: 'tcp', address: local, port: forwarder.port, target });
    await assert.rejects(again, { code: 'EADDRINUSE' });
  } finally {
    await forwarder.close();
  }
});

test('udp: two clients each get their own answers', async () => {
  const server = dgram.createSocket('udp4');
  server.on('message', (data, from) => server.send(`re ${data}`, from.port, from.address));
  await new Promise<void>((resolve) => server.bind(0, local, resolve));
  const target = { address: local, port: server.address().port };
  const forwarder = await openForwarder({ protocol: 'udp', address: '::1', port: 0, target });
  const clients = ['a', 'b'].map((name) => ({ name, socket: dgram.createSocket('udp6') }));
  try {
    for (const { name, socket } of clients) {
      const heard = once(socket, 'message');
      socket.send(name, forwarder.port, '::1');
      assert.equal(String((await heard)[0]), `re ${name}`);
    }
  } finally {
    for (const { socket } of clients) socket.close();
    await forwarder.close();
    server.close();
  }
});
