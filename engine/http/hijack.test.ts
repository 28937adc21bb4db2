import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, test } from 'node:test';
import { attachedProcess, containerDetails } from '../testing/door-services.ts';
import { ask, ended, openDoor, until } from '../testing/open-door.ts';

describe('attach', () => {
  const upgrade = 'Connection: Upgrade\r\nUpgrade: tcp\r\n';
  const attachTo = (socketPath: string, headers: string, version = 'v1.51') => {
    const socket = net.connect({ path: socketPath, allowHalfOpen: true });
    const query = 'stream=1&stdin=1&stdout=1&stderr=1';
    socket.write(`POST /${version}/containers/web/attach?${query} HTTP/1.1\r\nHost: d\r\n${headers}\r\n`);
    return socket;
  };
  const frameOf = (stream: number, text: string) =>
    `${String.fromCharCode(stream, 0, 0, 0, 0, 0, 0, text.length)}${text}`;

  for (const [title, headers, status, kind] of [
    ['with Upgrade', upgrade, 'HTTP/1.1 101 UPGRADED', 'multiplexed'],
    ['without Upgrade', 'Content-Type: text/plain\r\n', 'HTTP/1.1 200 OK', 'raw'],
  ] as const) {
    test(`${title}: frames out, bytes in, each side closes alone`, async () => {
      await using door = await openDoor({ containers: [containerDetails()] });
      const { attached } = door.world;
      const socket = attachTo(door.socketPath, headers);
      const head = await until(socket, /\r\n\r\n/);
      assert.ok(head.startsWith(`${status}\r\nContent-Type: application/vnd.docker.${kind}-stream\r\n`), head);
      socket.write('GET / HTTP/1.1\r\n\r\n');
      assert.equal(String((await attached.input.next()).value), 'GET / HTTP/1.1\r\n\r\n');
      socket.end('bye');
      assert.equal(String((await attached.input.next()).value), 'bye');
      assert.equal((await attached.input.next()).value, undefined);
      const both = until(socket, /err$/);
      attached.output.push({ stream: 'stdout', data: Buffer.from('out') });
      attached.output.push({ stream: 'stderr', data: Buffer.from('err') });
      assert.equal(await both, frameOf(1, 'out') + frameOf(2, 'err'));
      const end = ended(socket);
      attached.output.end();
      await end;
    });
  }

  test('bytes right behind the head of an upgrade are input; a chunked body is', async () => {
    await using door = await openDoor({ containers: [containerDetails()] });
    const socket = attachTo(door.socketPath, `${upgrade}`);
    socket.write('early');
    assert.equal(String((await door.world.attached.input.next()).value), 'early');
    socket.destroy();
    await using other = await openDoor({ containers: [containerDetails()] });
    const chunked = attachTo(other.socketPath, 'Transfer-Encoding: chunked\r\n');
    chunked.write('3\r\nabc\r\n0\r\n\r\n');
    assert.equal(String((await other.world.attached.input.next()).value), 'abc');
    assert.equal((await other.world.attached.input.next()).value, undefined);
    const output = until(chunked, /still here/);
    other.world.attached.output.push({ stream: 'stdout', data: Buffer.from('still here') });
    await output;
    chunked.destroy();
  });

  test('an upgrade that is sent behind a request without its answer closes the connection, and harms nobody', async () => {
    await using door = await openDoor({ containers: [containerDetails()] });
    const socket = net.connect({ path: door.socketPath });
    socket.on('error', () => {});
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const waits =
      'POST /v1.51/containers/web/wait?condition=next-exit HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n';
    socket.write(`${waits}POST /v1.51/containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: d\r\n${upgrade}\r\n`);
    await closed;
    assert.equal((await ask(door.socketPath, 'GET', '/_ping')).status, 200);
  });

  test('a refused upgrade with input unread closes the connection', async () => {
    await using door = await openDoor({ containers: [] });
    const socket = attachTo(door.socketPath, upgrade);
    socket.write('nobody reads this');
    assert.match(await until(socket, /\r\n\r\n/), /^HTTP\/1\.1 404 /);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.end();
    await closed;
  });

  for (const headers of [upgrade, '']) {
    test(`a body of known length is no input (${headers ? 'with' : 'without'} Upgrade)`, async () => {
      await using door = await openDoor({ containers: [containerDetails()] });
      const socket = attachTo(door.socketPath, `${headers}Content-Type: application/json\r\nContent-Length: 9\r\n`);
      socket.write('{"a":');
      setImmediate(() => socket.write('"b"}'));
      await until(socket, /\r\n\r\n/);
      socket.write('real');
      assert.equal(String((await door.world.attached.input.next()).value), 'real');
      socket.destroy();
    });
  }

  test('a terminal is raw; its detach keys leave', async () => {
    const container = containerDetails();
    await using door = await openDoor({
      containers: [{ ...container, config: { ...container.config, terminal: true } }],
    });
    const socket = attachTo(door.socketPath, upgrade);
    await until(socket, /vnd\.docker\.raw-stream\r\n[\s\S]*\r\n\r\n/);
    const output = until(socket, /raw/);
    door.world.attached.output.push({ stream: 'stdout', data: Buffer.from('raw') });
    assert.equal(await output, 'raw');
    const end = ended(socket);
    socket.write('a\x10b\x10\x11');
    assert.equal(String((await door.world.attached.input.next()).value), 'a\x10b');
    await Promise.all([end, door.world.attached.closed]);
  });

  test('of a terminal the end of input is a client that has left', async () => {
    const container = containerDetails();
    await using door = await openDoor({
      containers: [{ ...container, config: { ...container.config, terminal: true } }],
    });
    const socket = attachTo(door.socketPath, upgrade);
    await until(socket, /\r\n\r\n/);
    const end = ended(socket);
    socket.end();
    await Promise.all([end, door.world.attached.closed]);
  });

  test('a client that is gone detaches at the next output', async () => {
    await using door = await openDoor({ containers: [containerDetails()] });
    const socket = attachTo(door.socketPath, upgrade);
    await until(socket, /\r\n\r\n/);
    socket.destroy();
    assert.equal((await door.world.attached.input.next()).value, undefined);
    door.world.attached.output.push({ stream: 'stdout', data: Buffer.from('x') });
    await door.world.attached.closed;
  });

  test('a slow container holds the client back, a slow client the reading of output', async () => {
    let allow = () => {};
    const gate = new Promise<void>((resolve) => {
      allow = resolve;
    });
    let writes = 0;
    const { promise: written, resolve: tellWritten } = Promise.withResolvers<void>();
    const attached = attachedProcess({
      onWrite: () => {
        writes += 1;
        tellWritten();
        return gate;
      },
    });
    await using door = await openDoor({ containers: [containerDetails()], attached });
    const socket = attachTo(door.socketPath, upgrade);
    await until(socket, /\r\n\r\n/);
    socket.pause();
    const block = Buffer.alloc(64 * 1024);
    let waiting = 0;
    for (let i = 0; i < 200; i += 1) waiting = attached.output.push({ stream: 'stdout', data: block });
    for (let i = 0; i < 200; i += 1) socket.write(block);
    await written;
    await ask(door.socketPath, 'GET', '/_ping');
    assert.ok(waiting > 100, `${waiting} of 200 wait: the door did not read ahead`);
    assert.equal(writes, 1);
    assert.ok(socket.writableLength > 10 * 1024 * 1024, 'the door does not take what the container does not');
    allow();
    socket.destroy();
  });

  test('what fails before the connection is taken over is an answer', async () => {
    await using door = await openDoor();
    const answer = await ask(door.socketPath, 'POST', '/containers/gone/attach?stream=1', undefined, {
      Connection: 'Upgrade',
      Upgrade: 'tcp',
    });
    assert.equal(answer.status, 404);
    assert.equal(answer.json().message, 'No such container: gone');
    const other = await ask(door.socketPath, 'GET', '/version', undefined, { Connection: 'Upgrade', Upgrade: 'h2c' });
    assert.equal(other.status, 200);
  });
});
