import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fluentServer } from '../docker/log-receivers.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

let engine: TestEngine;
let flags: string;

before(async () => {
  // the daemon's own defaults: what every container of this file logs by
  engine = await startEngine({ flags: ['--log-opt', 'max-size=50k', '--log-opt', 'max-file=1000'] });
  await engine.docker('load', '-i', sampleArchive());
  flags = path.join(engine.folders.root, 'flags');
  mkdirSync(flags);
});
after(() => engine[Symbol.asyncDispose]());

const docker = (...args: string[]) => engine.docker(...args);
const run = (name: string, script: string, ...options: string[]) =>
  docker(
    ...['run', '-d', '--name', name, '-v', `${flags}:/flags`, '--network', 'none', ...options],
    ...[sampleImage, 'sh', '-c', script],
  );
/** Counts on, some hundred lines at a time, until the file `/flags/<name>` is there. */
const counting = (name: string) =>
  `i=0; while [ ! -e /flags/${name} ]; do seq $((i*100+1)) $((i*100+100)); i=$((i+1)); sleep 0.1; done; echo $((i*100+1))`;
const end = async (name: string) => {
  writeFileSync(path.join(flags, name), '');
  await docker('wait', name);
};
const numbersOf = async (name: string) => (await docker('logs', name)).split('\n').filter(Boolean).map(Number);
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const directoryOf = async (name: string) => path.dirname(await docker('inspect', '-f', '{{.LogPath}}', name));
const sizeOf = (file: string) => (existsSync(file) ? statSync(file).size : 0);

test('the engine is killed at random moments of rotations: every line is there, once and in order', async () => {
  await run('kills', counting('kills'));
  const config = await docker('inspect', '-f', '{{json .HostConfig.LogConfig}}', 'kills');
  assert.deepEqual(JSON.parse(config), { Type: 'json-file', Config: { 'max-file': '1000', 'max-size': '50k' } });
  const directory = await directoryOf('kills');
  for (let round = 0; round < 3; round++) {
    const before = readdirSync(directory).length;
    await waitUntil('files move on', () => readdirSync(directory).length > before, { everyMs: 1 });
    await engine.kill('SIGKILL');
    await engine.restart();
  }
  await end('kills');
  const numbers = await numbersOf('kills');
  assert.deepEqual(numbers, upTo(numbers.length));
  assert.ok(readdirSync(directory).filter((name) => name.startsWith('container.log.')).length >= 3);
});

test('killed between the two steps of a rotation: the next engine makes conmon open its file again', async () => {
  await run('between', counting('between'));
  const log = path.join(await directoryOf('between'), 'container.log');
  await waitUntil('it writes', () => sizeOf(log) > 1000);
  await engine.kill('SIGKILL');
  // where the engine would have been: names have moved on, and conmon does not know it
  for (const [number, name] of [...readdirSync(path.dirname(log))]
    .flatMap((name) => (/^container\.log\.\d+$/.test(name) ? [[Number(name.split('.')[2]), name] as const] : []))
    .sort(([a], [b]) => b - a)) {
    renameSync(path.join(path.dirname(log), name), `${log}.${number + 1}`);
  }
  renameSync(log, `${log}.1`);
  const size = sizeOf(`${log}.1`);
  await waitUntil('conmon writes to the old file', () => sizeOf(`${log}.1`) > size);
  await engine.restart();
  await waitUntil('there is a new file', () => sizeOf(log) > 0);
  await end('between');
  const numbers = await numbersOf('between');
  assert.deepEqual(numbers, upTo(numbers.length));
});

test('a log grows while no engine runs, and is rotated by the next one', async () => {
  await run('alone', counting('alone'));
  const log = path.join(await directoryOf('alone'), 'container.log');
  await engine.kill('SIGKILL');
  await waitUntil('it is far over its limit', () => sizeOf(log) > 100_000);
  await engine.restart();
  await waitUntil('it was rotated', () => existsSync(`${log}.1`) && sizeOf(log) < 60_000);
  await end('alone');
  const numbers = await numbersOf('alone');
  assert.deepEqual(numbers, upTo(numbers.length));
});

test('forwarding goes on where it was when the engine was killed: nothing is lost, a bounded piece comes twice', async () => {
  const server = await fluentServer();
  try {
    const to = `fluentd-address=${server.address}`;
    await run('fwd', counting('fwd'), '--log-driver', 'fluentd', '--log-opt', to);
    for (let round = 0; round < 2; round++) {
      const before = server.received.length;
      await waitUntil('more has come', () => server.received.length > before + 300);
      await engine.kill('SIGKILL');
      await engine.restart();
    }
    await end('fwd');
    const last = (await numbersOf('fwd')).at(-1);
    await waitUntil('the last line came', () => server.received.some(({ record }) => record.log === String(last)));
    const came = server.received.map(({ record }) => Number(record.log));
    assert.deepEqual(
      [...new Set(came)].sort((a, b) => a - b),
      upTo(last ?? 0),
    );
    // what was sent within a quarter of a second before each kill, at some 1000 lines a second
    assert.ok(came.length - (last ?? 0) < 20_000, `${came.length - (last ?? 0)} lines came twice`);
  } finally {
    await server.close();
  }
});

test('the buffer of a driver that does not wait has a limit: what is over it is left out and told', async () => {
  const server = await fluentServer();
  const { port } = new URL(server.address);
  const options = [
    `fluentd-address=127.0.0.1:${port}`,
    'fluentd-retry-wait=50ms',
    'mode=non-blocking',
    'max-buffer-size=10k',
  ];
  await run(
    'ring',
    'echo 1; while [ ! -e /flags/ring ]; do sleep 0.05; done; seq 2 30000; echo done > /flags/rung; sleep 1000',
    ...['--log-driver', 'fluentd', ...options.flatMap((option) => ['--log-opt', option])],
  );
  await waitUntil('the first line came', () => server.received.length === 1);
  await server.close();
  writeFileSync(path.join(flags, 'ring'), '');
  await waitUntil('the container does not wait', () => existsSync(path.join(flags, 'rung')));
  await waitUntil('the engine has read it', async () => (await docker('logs', '--tail', '1', 'ring')) === '30000');
  const again = await fluentServer(Number(port));
  try {
    await waitUntil('what waited comes', () => again.received.length > 0);
    await waitUntil('it is told', () => engine.log().includes('messages were left out'));
    const came = again.received.map(({ record }) => Number(record.log));
    assert.ok(came.length < 15_000, `${came.length} of 30000`);
    assert.equal((await numbersOf('ring')).length, 30_000, 'docker logs has all');
  } finally {
    await again.close();
    await docker('rm', '-f', 'ring');
  }
});

test('one that writes as fast as it can fills neither memory nor disk, and holds nobody back', async () => {
  const line = 'y'.repeat(200);
  const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${engine.pid}/status`, 'utf8'))?.[1]) / 1024;
  await run('calm', 'sleep 1000');
  await run(
    'flood',
    `yes ${line} | head -c 500000000; echo; echo finished`,
    ...['--log-opt', 'max-size=10m', '--log-opt', 'max-file=3', '--log-opt', 'compress=true'],
  );
  const directory = await directoryOf('flood');
  const sizes: number[] = [];
  const disk: number[] = [];
  let ended = false;
  const waited = docker('wait', 'flood').then(() => {
    ended = true;
  });
  let execs = 0;
  while (!ended) {
    // each is answered while the flood goes on
    if ((await docker('exec', 'calm', 'echo', 'here')) === 'here' && !ended) execs++;
    sizes.push(rss());
    const all = readdirSync(directory).filter((name) => name.startsWith('container.log'));
    disk.push(all.reduce((sum, name) => sum + sizeOf(path.join(directory, name)), 0));
  }
  await waited;
  assert.equal(await docker('logs', '--tail', '1', 'flood'), 'finished');
  assert.ok(execs >= 1, `${execs} execs were answered meanwhile`);
  const half = Math.ceil(sizes.length / 2);
  const grown = Math.max(...sizes.slice(half)) - Math.max(...sizes.slice(0, half));
  assert.ok(grown < 60, `the engine grew by ${grown} MiB: ${sizes.map(Math.round).join(' ')}`);
  assert.ok(Math.max(...disk) < 400_000_000, `${Math.max(...disk)} bytes of logs at most`);
});
