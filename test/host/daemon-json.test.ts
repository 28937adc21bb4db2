import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { BelugaReloaded } from '../../engine/http/extension-types.ts';
import { deleteFolders, newFolders, runLauncher, startEngine, type TestEngine } from '../engine-fixture.ts';
import { askJson } from '../raw-http.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

// What daemon.json says of the engine itself: told at an address, and read again.

let engine: TestEngine;
let folder: string;
let port: number;
const first = () => ({ 'metrics-addr': `127.0.0.1:${port}`, labels: ['site=one'], 'log-driver': 'local' });
const configure = (value: object) => writeFileSync(path.join(folder, 'daemon.json'), JSON.stringify(value));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return free;
}

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-daemon-json-'));
  port = await freePort();
  configure(first());
  engine = await startEngine({ flags: ['--config-file', path.join(folder, 'daemon.json')] });
  await engine.docker('load', '-i', sampleArchive());
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const info = async () => JSON.parse(await engine.docker('info', '--format', '{{json .}}'));
const reload = async () => {
  const { status, json } = await askJson(engine.folders.socket, '/beluga/reload', {});
  return { status, body: json() as BelugaReloaded & { message?: string } };
};

test('metrics-addr: a scrape over TCP, as Prometheus does it; nothing else is told there', async () => {
  const scrape = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { Accept: 'text/plain;version=0.0.4' } });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    return new Map((await answer.text()).split('\n').map((line) => [line.split(' ')[0], line.split(' ')[1]] as const));
  };
  const running = 'engine_daemon_container_states_containers{state="running"}';
  assert.equal((await scrape()).get(running), '0');
  await engine.docker('run', '-d', '--name', 'counted', '--network', 'none', sampleImage, 'sleep', '1000');
  const figures = await scrape();
  assert.equal(figures.get(running), '1');
  assert.ok(Number(figures.get('process_cpu_seconds_total')) > 0);
  await engine.docker('rm', '-f', 'counted');
  for (const other of ['/', '/containers/json', '/info', '/beluga/version'])
    assert.equal((await fetch(`http://127.0.0.1:${port}${other}`)).status, 404, other);
  assert.doesNotMatch(engine.log(), /metrics are told to everybody/);
});

test('metrics-addr: a taken port ends the engine with a sentence; an address for everybody is warned about', async () => {
  const folders = newFolders();
  const start = (address: string) => runLauncher(folders, [`--metrics-addr=${address}`]);
  const { code, stderr } = await start(`127.0.0.1:${port}`);
  await runLauncher(folders, ['--release']);
  deleteFolders(folders);
  assert.equal(code, 1);
  const fatal = JSON.parse(stderr.split('\n').find((line) => line.includes('"level":"fatal"')) ?? '{}');
  assert.equal(fatal.code, 'conflict');
  const words = `failed to start metrics server: listen tcp 127.0.0.1:${port}: bind: address already in use`;
  assert.equal(fatal.message, `${words} (stop what listens there, or give another --metrics-addr)`);
  await using open = await startEngine({ flags: [`--metrics-addr=:${await freePort()}`] });
  assert.match(open.log(), /the metrics are told to everybody who reaches this computer/);
});

test('read again: labels, transfers and runtimes count at once, a log driver after the next start', async () => {
  assert.deepEqual((await info()).Labels, ['site=one']);
  const next = {
    ...first(),
    ...{
      labels: ['site=two', 'rack=3'],
      'max-concurrent-downloads': 1,
      'max-concurrent-uploads': 2,
      'log-driver': 'json-file',
    },
    runtimes: { mine: { path: 'runc' } },
    'default-runtime': 'mine',
  };
  configure(next);
  assert.deepEqual((await reload()).body, {
    changed: ['labels', 'max-concurrent-downloads', 'max-concurrent-uploads', 'runtimes', 'default-runtime'],
    needRestart: ['log-driver'],
  });
  const after = await info();
  assert.deepEqual([after.Labels, after.DefaultRuntime, after.LoggingDriver], [next.labels, 'mine', 'local']);
  await engine.docker('run', '-d', '--name', 'other', '--network', 'none', sampleImage, 'sleep', '1000');
  assert.equal(
    await engine.docker('inspect', '-f', '{{.HostConfig.Runtime}} {{.HostConfig.LogConfig.Type}}', 'other'),
    'mine local',
  );
  const told = await engine.docker(
    ...['events', '--since', '1h', '--until=-1s', '--filter', 'type=daemon', '--format', '{{json .Actor.Attributes}}'],
  );
  const attributes = JSON.parse(told.split('\n').at(-1) ?? '');
  assert.equal(attributes.labels, '["site=two","rack=3"]');
  assert.deepEqual([attributes['default-runtime'], attributes['max-concurrent-downloads']], ['mine', '1']);

  // taken out again: no new container has it, the one that has it is still looked after
  configure({ ...first(), 'default-runtime': 'runc' });
  assert.deepEqual((await reload()).body.needRestart, []);
  assert.equal((await info()).DefaultRuntime, 'runc');
  const words = await engine.docker.fails(125, 'run', '--runtime', 'mine', sampleImage, 'true');
  assert.match(words, /unknown or invalid runtime name: mine/);
  assert.equal(await engine.docker('exec', 'other', 'echo', 'there'), 'there');
  await engine.docker('rm', '-f', 'other');
});

test('a mistake in one key changes nothing of the others', async () => {
  const before = await info();
  const wrong: readonly (readonly [value: object, words: RegExp])[] = [
    [{ labels: ['no-value'] }, /bad attribute format: no-value/],
    [{ 'max-concurrent-downloads': -1 }, /invalid max concurrent downloads: -1/],
    [{ 'default-runtime': 'nope' }, /specified default runtime 'nope' does not exist/],
    [{ runtimes: { crun: { path: '/x' } } }, /runtime name 'crun' is reserved/],
    [{ 'registry-mirrors': ['nonsense'] }, /no scheme specified/],
    [{ 'no-such-key': 1 }, /the following directives don't match any configuration option: no-such-key/],
  ];
  for (const [value, words] of wrong) {
    configure({ ...first(), labels: ['site=other'], debug: true, ...value });
    const { status, body } = await reload();
    assert.equal(status, 400, JSON.stringify(value));
    assert.match(body.message ?? '', words);
  }
  const unchanged = await info();
  assert.deepEqual([unchanged.Labels, unchanged.Debug], [before.Labels, false]);
  assert.deepEqual(
    [unchanged.DefaultRuntime, unchanged.RegistryConfig],
    [before.DefaultRuntime, before.RegistryConfig],
  );
  configure(first());
  process.kill(engine.pid, 'SIGHUP');
  await waitUntil('the default is chosen by probing again', async () => (await info()).DefaultRuntime !== 'runc');
});
