import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { mountsBelow } from '../leak-check.ts';
import { openWire } from '../raw-http.ts';
import { sampleArchive, sampleImage, tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { filesOfDataRoot } from './data-root-files.ts';

let engine: TestEngine;
before(async () => {
  engine = await startEngine();
  await engine.docker('load', '-i', sampleArchive());
});
after(() => engine[Symbol.asyncDispose]());

const docker = (...args: string[]) => engine.docker(...args);
const state = (name: string) => docker('inspect', '-f', '{{.State.Status}}', name);
const images = async () => (await docker('images', '-aq', '--no-trunc')).split('\n').filter(Boolean);
/** What is not the container's own. */
const content = () => filesOfDataRoot(engine.folders.dataRoot).filter((name) => /^(content|snapshots\/w)/.test(name));

test('an engine that is killed in the middle of a commit: no image, nothing left, and the container goes on', async () => {
  const script = 'head -c 60000000 /dev/urandom > /large; echo written; while :; do sleep 0.1; done';
  await docker('run', '-d', '--name', 'big', '--network', 'none', sampleImage, 'sh', '-c', script);
  await waitUntil('it has written', async () => (await docker('logs', 'big')).includes('written'));
  const before = { images: await images(), content: content() };
  const going = engine.docker.start(['commit', 'big', 'killed:1']);
  await waitUntil('it stands still', async () => (await state('big')) === 'paused');
  await sleep(150);
  await engine.kill('SIGKILL');
  await going.ended;
  await engine.restart();
  assert.equal(await state('big'), 'running', 'it is let go');
  const now = await images();
  // where it was faster than the kill, it is whole
  if (now.length > before.images.length) await docker('rmi', 'killed:1');
  assert.deepEqual(await images(), before.images);
  assert.deepEqual(content(), before.content);
  await docker('exec', 'big', 'true');
  await docker('commit', 'big', 'whole:1');
  assert.equal(await docker('run', '--rm', '--network', 'none', 'whole:1', 'stat', '-c', '%s', '/large'), '60000000');
  await docker('rm', '-f', 'big');
  await docker('rmi', 'whole:1');
});

test('an engine that is killed while files are copied to a stopped container leaves no mount, and the container starts', async () => {
  await docker('create', '--name', 'still', '--network', 'none', sampleImage, 'ls', '/');
  const views = path.join(engine.folders.runRoot, 'views');
  const bytes = await tarOf([
    { name: 'first', content: 'whole' },
    { name: 'second', content: Buffer.alloc(3_000_000, 1) },
  ]);
  const wire = await openWire(engine.folders.socket);
  wire.socket.write(
    `PUT /v1.41/containers/still/archive?path=/ HTTP/1.1\r\nHost: d\r\nContent-Length: ${bytes.length}\r\n\r\n`,
  );
  wire.socket.write(bytes.subarray(0, 1_500_000));
  await waitUntil('it is mounted', () => readdirSync(views).length === 1);
  // who starts it meanwhile ends the copy
  await docker('start', 'still');
  await docker('wait', 'still');
  assert.match(await docker('logs', 'still'), /welcome/);
  await wire.until('it is told', (received) => String(received).startsWith('HTTP/1.1 409 '));
  wire.socket.destroy();
  assert.deepEqual(readdirSync(views), []);
  const again = await openWire(engine.folders.socket);
  again.socket.write(
    `PUT /v1.41/containers/still/archive?path=/ HTTP/1.1\r\nHost: d\r\nContent-Length: ${bytes.length}\r\n\r\n`,
  );
  again.socket.write(bytes.subarray(0, 1_500_000));
  await waitUntil('it is mounted', () => readdirSync(views).length === 1);
  await engine.kill('SIGKILL');
  await engine.restart();
  assert.deepEqual(readdirSync(views), []);
  assert.ok(!mountsBelow(engine.folders.root).some((mount) => mount.includes('/views/')));
  await docker('start', 'still');
  await docker('wait', 'still');
  await docker('rm', 'still');
  again.socket.destroy();
});

test('a container that ends while files are copied to it: the client is told, for its volume is not there any more', async () => {
  await docker('run', '-d', '--name', 'ends', '--network', 'none', '-v', 'kept:/data', sampleImage, 'sleep', '600');
  const bytes = await tarOf([
    { name: 'first', content: 'whole' },
    { name: 'second', content: Buffer.alloc(3_000_000, 1) },
    { name: 'third', content: 'late' },
  ]);
  const wire = await openWire(engine.folders.socket);
  wire.socket.write(
    `PUT /v1.41/containers/ends/archive?path=/data HTTP/1.1\r\nHost: d\r\nContent-Length: ${bytes.length}\r\n\r\n`,
  );
  wire.socket.write(bytes.subarray(0, 1_500_000));
  const data = path.join(engine.folders.dataRoot, 'volumes/kept/_data');
  await waitUntil('it is under way', () => readdirSync(data).includes('first'));
  await docker('kill', 'ends');
  wire.socket.write(bytes.subarray(1_500_000));
  await wire.until('it is told', (received) => String(received).startsWith('HTTP/1.1 409 '));
  wire.socket.destroy();
  await docker('start', 'ends');
  await docker('rm', '-f', 'ends');
});

test('a container that is removed while it is committed: the client is told, or has a whole image', async () => {
  const script = 'head -c 60000000 /dev/urandom > /large; echo written; sleep 600';
  await docker('run', '-d', '--name', 'going', '--network', 'none', sampleImage, 'sh', '-c', script);
  await waitUntil('it has written', async () => (await docker('logs', 'going')).includes('written'));
  const before = content();
  const commit = engine.docker.start(['commit', 'going', 'going:1']);
  await waitUntil('it stands still', async () => (await state('going')) === 'paused');
  await docker('rm', '-f', 'going');
  const { code, stderr } = await commit.ended;
  if (code === 0) await docker('rmi', 'going:1');
  else assert.match(stderr, /No such container|being removed/);
  assert.deepEqual(content(), before);
});
