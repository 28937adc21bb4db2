import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

let engine: TestEngine;
before(async () => {
  engine = await startEngine();
  await engine.docker('load', '-i', sampleArchive());
});
after(() => engine[Symbol.asyncDispose]());

const run = (name: string, policy: string, script: string) =>
  engine.docker(
    ...['run', '-d', '--name', name, '--network', 'none', '--restart', policy],
    ...[sampleImage, 'sh', '-c', script],
  );
const look = (name: string, format = '{{.State.Status}}') => engine.docker('inspect', '-f', format, name);
const until = (name: string, wanted: RegExp, format?: string) =>
  waitUntil(`${name} is ${wanted}`, async () => wanted.test(await look(name, format)));

test('restart policies go on over a SIGKILL of the engine', async () => {
  const names = ['always', 'unless', 'failure', 'plain', 'by-hand', 'by-hand-unless', 'paused'];
  const policies = ['always', 'unless-stopped', 'on-failure', 'no', 'always', 'unless-stopped', 'always'];
  for (const [index, name] of names.entries()) await run(name, policies[index] ?? 'no', 'sleep 1000');
  await run('failing', 'always', 'exit 3');
  await until('failing', /^restarting [3-9]/, '{{.State.Status}} {{.RestartCount}}');
  await engine.docker('stop', '-t', '0', 'by-hand', 'by-hand-unless');
  await engine.docker('pause', 'paused');
  const pids = new Map<string, number>();
  for (const name of names) pids.set(name, Number(await look(name, '{{.State.Pid}}')));

  await engine.kill('SIGKILL');
  for (const name of ['always', 'unless', 'failure', 'plain']) {
    const pid = pids.get(name) ?? 0;
    process.kill(pid, 'SIGKILL');
    await waitUntil(`${name} has ended`, () => !existsSync(`/proc/${pid}`));
  }
  await engine.restart();

  for (const name of ['always', 'unless', 'failure']) {
    await until(name, /^running 1$/, '{{.State.Status}} {{.RestartCount}}');
    assert.notEqual(Number(await look(name, '{{.State.Pid}}')), pids.get(name));
  }
  assert.equal(await look('plain', '{{.State.Status}} {{.State.ExitCode}}'), 'exited 137');
  await until('by-hand', /^running$/);
  assert.equal(await look('by-hand-unless'), 'exited');
  assert.equal(await look('paused', '{{.State.Status}} {{.State.Pid}}'), `paused ${pids.get('paused')}`);
  await engine.docker('unpause', 'paused');
  const count = Number(await look('failing', '{{.RestartCount}}'));
  await waitUntil(
    'the failing one is tried again',
    async () => Number(await look('failing', '{{.RestartCount}}')) > count,
  );
  await engine.docker('stop', 'failing');
  assert.equal(await look('failing'), 'exited');
});

test('an engine that ends in order leaves what waits for its restart to the next one', async () => {
  await run('patient', 'always', 'exit 5');
  await until('patient', /^restarting [4-9]/, '{{.State.Status}} {{.RestartCount}}');
  const count = Number(await look('patient', '{{.RestartCount}}'));
  await engine.restart();
  await waitUntil('it is tried again', async () => Number(await look('patient', '{{.RestartCount}}')) > count);
});
