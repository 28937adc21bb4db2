import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

/** One engine for what its configuration and its end have to do with options of containers. */
let engine: TestEngine;
let folder: string;
const calls = () => path.join(folder, 'calls');

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-runtimes-'));
  const runtime = path.join(folder, 'mine');
  writeFileSync(runtime, `#!/bin/sh\necho "$*" >> ${calls()}\nexec runc "$@"\n`);
  chmodSync(runtime, 0o755);
  const config = path.join(folder, 'daemon.json');
  const runtimes = { mine: { path: runtime, runtimeArgs: ['--log-format=text'] }, away: { path: '/no/such/program' } };
  writeFileSync(config, JSON.stringify({ runtimes }));
  engine = await startEngine({ flags: ['--config-file', config] });
  await engine.docker('load', '-i', sampleArchive());
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const docker = (...args: string[]) => engine.docker(...args);
const inspect = (name: string, format: string) => docker('inspect', '-f', format, name);
const idle = (name: string, ...options: string[]) =>
  docker('run', '-d', '--name', name, ...options, sampleImage, 'sleep', '1000');
const namespaceOf = (name: string, kind: string) => docker('exec', name, 'readlink', `/proc/self/ns/${kind}`);

test('a runtime by configuration: listed, used with its arguments; one that is not there is unknown', async () => {
  const listed = JSON.parse(await docker('info', '--format', '{{json .Runtimes}}'));
  assert.equal(listed.mine.path, path.join(folder, 'mine'));
  assert.ok(!('away' in listed));
  assert.notEqual(await docker('info', '--format', '{{.DefaultRuntime}}'), 'mine');
  await idle('custom', '--runtime', 'mine', '-t');
  assert.equal(await inspect('custom', '{{.HostConfig.Runtime}}'), 'mine');
  assert.equal(await docker('exec', '-t', 'custom', 'echo', 'inside'), 'inside');
  await docker('rm', '-f', 'custom');
  assert.match(readFileSync(calls(), 'utf8'), /^--log-format=text --root=\S+\/mine .*create/m);
  for (const name of ['away', 'nope']) {
    const words = await engine.docker.fails(125, 'run', '--runtime', name, sampleImage, 'true');
    assert.match(words, new RegExp(`unknown or invalid runtime name: ${name}`));
  }
});

test('who joins another: goes on over the engine’s SIGKILL, and comes back after it', async () => {
  await idle('donor', '--restart', 'always', '--ipc', 'shareable', '-p', '127.0.0.1::80');
  await idle('guest', '--restart', 'always', '--network', 'container:donor', '--ipc', 'container:donor');
  await idle('user', '--restart', 'always', '--link', 'donor:db');
  const port = await docker('port', 'donor', '80');
  await engine.kill('SIGKILL');
  await engine.restart();
  assert.equal(await namespaceOf('guest', 'net'), await namespaceOf('donor', 'net'));
  assert.equal(await docker('port', 'donor', '80'), port);
  const names = ['donor', 'guest', 'user'];
  const pids = await Promise.all(names.map((name) => inspect(name, '{{.State.Pid}}')));
  await engine.kill('SIGKILL');
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
  await engine.restart();
  for (const name of names)
    await waitUntil(`${name} is back`, async () => {
      const [running, pid] = (await inspect(name, '{{.State.Status}} {{.State.Pid}}')).split(' ');
      return running === 'running' && !pids.includes(pid ?? '');
    });
  for (const kind of ['net', 'ipc']) assert.equal(await namespaceOf('guest', kind), await namespaceOf('donor', kind));
  const address = await inspect('donor', '{{.NetworkSettings.Networks.bridge.IPAddress}}');
  await waitUntil('the link leads to the new address', async () =>
    (await docker('exec', 'user', 'cat', '/etc/hosts')).includes(`${address}\tdb `),
  );
});
