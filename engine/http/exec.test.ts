import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import type { ExecDetails } from '../services/exec/exec-service.ts';
import { containerDetails } from '../testing/door-services.ts';
import { ask, ended, openDoor, until } from '../testing/open-door.ts';

const exec: ExecDetails = {
  id: 'e1',
  containerId: 'c'.repeat(64),
  running: false,
  pid: 0,
  command: ['sh', '-c', 'true'],
  environment: [],
  terminal: false,
  attachStdin: true,
  attachStdout: true,
  attachStderr: true,
  privileged: false,
};
const startOf = (body: string, headers = '') =>
  `POST /v1.51/exec/e1/start HTTP/1.1\r\nHost: d\r\n${headers}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test('create reads Docker’s fields and refuses wrong ones', async () => {
  await using door = await openDoor({ containers: [containerDetails()], execs: [exec] });
  const body = { Cmd: ['a', 'b'], Tty: true, Env: ['X=y'], User: 'u', WorkingDir: '/w', ConsoleSize: [3, 4], Env2: 1 };
  const made = await ask(door.socketPath, 'POST', '/containers/web/exec', JSON.stringify(body));
  assert.deepEqual([made.status, made.json()], [201, { Id: 'e'.repeat(64) }]);
  const [created] = door.world.createdExecs;
  assert.deepEqual([created?.command, created?.size, created?.user], [['a', 'b'], { rows: 3, columns: 4 }, 'u']);
  const hungUp = JSON.stringify({ ...body, AttachStdin: true, BelugaHangUp: true });
  const hanging = await ask(door.socketPath, 'POST', '/containers/web/exec', hungUp);
  assert.deepEqual(hanging.json(), { Id: 'e'.repeat(64), BelugaHangUp: true });
  assert.equal(door.world.createdExecs[1]?.hangUp, true);
  const keys = await ask(door.socketPath, 'POST', '/containers/web/exec', '{"Cmd":["a"],"DetachKeys":"ctrl-1"}');
  assert.deepEqual([keys.status, keys.json().message], [400, 'Invalid escape keys (ctrl-1) provided']);
  const inspect = await ask(door.socketPath, 'GET', '/containers/web/json');
  assert.deepEqual(inspect.json().ExecIDs, ['e1']);
});

for (const headers of ['Connection: Upgrade\r\nUpgrade: tcp\r\n', '']) {
  test(`start ${headers ? 'with' : 'without'} Upgrade: the body is read, what follows is input`, async () => {
    await using door = await openDoor({ execs: [exec] });
    const { attached } = door.world;
    const socket = net.connect({ path: door.socketPath, allowHalfOpen: true });
    const whole = startOf('{"Detach":false,"ConsoleSize":[5,6]}', headers);
    socket.write(whole.slice(0, -9));
    setImmediate(() => socket.write(whole.slice(-9)));
    await until(socket, /\r\n\r\n/);
    assert.deepEqual(door.world.calls, [['start exec', 'e1', { detach: false, size: { rows: 5, columns: 6 } }]]);
    socket.end('input');
    assert.equal(String((await attached.input.next()).value), 'input');
    assert.equal((await attached.input.next()).value, undefined);
    const end = ended(socket);
    const heard = until(socket, /out$/);
    attached.output.push({ stream: 'stdout', data: Buffer.from('out') });
    assert.equal(await heard, '\x01\0\0\0\0\0\0\x03out');
    attached.output.end();
    await end;
  });
}

test('no keys detach from a terminal that is hung up on', async () => {
  await using door = await openDoor({ execs: [{ ...exec, terminal: true, hangUp: true }] });
  const socket = net.connect({ path: door.socketPath, allowHalfOpen: true });
  socket.write(startOf('{}', 'Connection: Upgrade\r\nUpgrade: tcp\r\n'));
  await until(socket, /\r\n\r\n/);
  const end = ended(socket);
  socket.end('\x10\x11');
  assert.equal(String((await door.world.attached.input.next()).value), '\x10\x11');
  door.world.attached.output.end();
  await end;
});

test('input that nobody reads does not cost the client its output', async () => {
  await using door = await openDoor({ execs: [{ ...exec, attachStdin: false }] });
  const { attached } = door.world;
  const socket = net.connect({ path: door.socketPath, allowHalfOpen: true });
  socket.write(startOf('{}', 'Connection: Upgrade\r\nUpgrade: tcp\r\n'));
  await until(socket, /\r\n\r\n/);
  let heard = 0;
  socket.on('data', (data: Buffer) => {
    heard += data.length;
  });
  socket.pause();
  attached.output.push({ stream: 'stdout', data: Buffer.alloc(100_000) });
  attached.output.end();
  await attached.closed;
  for (let n = 0; n < 100; n += 1) socket.write('more');
  socket.resume();
  await ended(socket);
  assert.equal(heard, 100_008);
  socket.destroy();
});

test('a command that cannot be started is told on the stream; detached, start answers at once', async () => {
  await using door = await openDoor({ execs: [exec], fail: new Error('no such command') });
  door.world.attached.output.end();
  const socket = net.connect({ path: door.socketPath, allowHalfOpen: true });
  const end = ended(socket);
  socket.write(startOf('{}'));
  const text = await until(socket, /command\r\n$/);
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
  await end;
  socket.destroy();
  await using other = await openDoor({ execs: [exec] });
  const detached = await ask(other.socketPath, 'POST', '/exec/e1/start', '{"Detach":true}');
  assert.deepEqual([detached.status, detached.text], [200, '']);
});

test('inspect and resize; one that is not there is 404', async () => {
  await using door = await openDoor({ execs: [{ ...exec, exitCode: 3 }] });
  const found = (await ask(door.socketPath, 'GET', '/exec/e1/json')).json();
  assert.deepEqual([found.ID, found.ExitCode, found.Running, found.ProcessConfig.entrypoint], ['e1', 3, false, 'sh']);
  assert.equal((await ask(door.socketPath, 'POST', '/exec/e1/resize?h=7&w=8')).status, 200);
  assert.deepEqual(door.world.calls, [['resize exec', 'e1', { rows: 7, columns: 8 }]]);
  assert.equal((await ask(door.socketPath, 'POST', '/exec/e1/resize?h=70000&w=8')).status, 400);
  for (const [method, url] of [
    ['GET', '/exec/none/json'],
    ['POST', '/exec/none/start'],
    ['POST', '/exec/none/resize?h=1&w=1'],
  ] as const) {
    const answer = await ask(door.socketPath, method, url, method === 'POST' ? '{}' : undefined);
    assert.deepEqual([answer.status, answer.json().message], [404, 'No such exec instance: none'], url);
  }
});
