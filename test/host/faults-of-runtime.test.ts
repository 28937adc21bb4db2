import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type FaultyPrograms, makeFaultyPrograms } from './faulty-programs.ts';

let programs: FaultyPrograms;
let engine: TestEngine;
before(async () => {
  programs = makeFaultyPrograms();
  engine = await startEngine({ env: { PATH: `${programs.folder}:${process.env.PATH}` } });
  await engine.docker('load', '-i', sampleArchive());
});
after(async () => {
  programs.mend();
  await engine[Symbol.asyncDispose]();
  programs[Symbol.dispose]();
});
afterEach(async () => {
  programs.mend();
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', ...all);
});

const docker = (...args: string[]) => engine.docker(...args);
const look = (name: string, ...fields: string[]) =>
  docker('inspect', '-f', fields.map((field) => `{{.State.${field}}}`).join(' '), name);
const runc = (name: string) => [
  ...['run', '-d', '--name', name, '--runtime', 'runc', '--stop-timeout', '0', sampleImage, 'sleep', '600'],
];
const halves = () =>
  ['containers', 'netns'].flatMap((folder) => readdirSync(path.join(engine.folders.runRoot, folder)));

test('a runtime that hangs at a start: others go on, its end is told, and nothing is half', async () => {
  programs.break('hang-start');
  const waiting = engine.docker.run(runc('victim'), { exits: 'any' });
  const pid = await programs.hanging();
  programs.mend();
  assert.equal(await docker('run', '--rm', sampleImage, 'echo', 'here'), 'here');
  process.kill(pid, 'SIGKILL');
  const { code, stderr } = await waiting;
  assert.equal(code, 125);
  assert.match(stderr, /runc was killed by SIGKILL/);
  assert.deepEqual(halves(), []);
  assert.equal(await look('victim', 'Status'), 'created');
  await docker('start', 'victim');
});

test('a runtime that hangs at a delete: others go on, and the end is told once it is ended', async () => {
  await docker(...runc('victim'));
  programs.break('hang-delete');
  const stopping = engine.docker.run(['stop', 'victim'], { exits: 'any' });
  const pid = await programs.hanging();
  programs.mend();
  assert.equal(await docker('run', '--rm', sampleImage, 'echo', 'here'), 'here');
  process.kill(pid, 'SIGKILL');
  assert.equal((await stopping).code, 0);
  assert.equal(await look('victim', 'Status', 'ExitCode'), 'exited 137');
  await docker('start', 'victim');
  await docker('rm', '-f', 'victim');
  assert.deepEqual(halves(), []);
});

test('a runtime that fails to delete what is removed: it goes nevertheless', async () => {
  await docker(...runc('victim'));
  const pid = await look('victim', 'Pid');
  programs.break('fail-delete');
  await docker('rm', '-f', 'victim');
  assert.deepEqual(halves(), []);
  assert.ok(!existsSync(`/proc/${pid}/root`));
});

test('conmon is killed between create and start: the container runs without it, and its end is told', async () => {
  programs.break('wait-start');
  const starting = engine.docker.start(runc('victim'));
  await programs.hanging();
  const bundles = path.join(engine.folders.runRoot, 'containers');
  const [id = ''] = readdirSync(bundles);
  const conmon = Number(readFileSync(path.join(bundles, id, 'conmon.pid'), 'utf8'));
  process.kill(conmon, 'SIGKILL');
  await waitUntil('it has ended', () => !existsSync(`/proc/${conmon}/root`));
  programs.mend();
  assert.equal((await starting.ended).code, 0);
  assert.equal(await docker('exec', 'victim', 'echo', 'here'), 'here');
  await docker('stop', 'victim');
  assert.equal(await look('victim', 'Status', 'ExitCode'), 'exited 137');
  await docker('start', 'victim');
  await docker('rm', '-f', 'victim');
  assert.deepEqual(halves(), []);
});

test('a runtime that cannot tell a state when the engine starts: what runs goes on, and its end is told', async () => {
  await docker(...runc('victim'));
  await engine.kill('SIGKILL');
  programs.break('fail-state');
  await engine.restart();
  assert.equal(await look('victim', 'Status'), 'running');
  programs.mend();
  process.kill(Number(await look('victim', 'Pid')), 'SIGKILL');
  await waitUntil('its end is told', async () => (await look('victim', 'Status', 'ExitCode')) === 'exited 137');
  await docker('start', 'victim');
});

test('an engine that is killed at the start of a container that is to be removed: files are copied to it, and it starts', async () => {
  await docker('create', '--rm', '--name', 'victim', '--runtime', 'runc', sampleImage, 'cat', '/etc/hosts-of-ours');
  programs.break('wait-start');
  const starting = engine.docker.start(['start', 'victim']);
  await programs.hanging();
  await engine.kill('SIGKILL');
  await starting.ended;
  programs.mend();
  await engine.restart();
  await docker('cp', '/etc/hosts', 'victim:/etc/hosts-of-ours');
  await docker('cp', 'victim:/etc/hosts-of-ours', path.join(engine.folders.root, 'back'));
  assert.equal(readFileSync(path.join(engine.folders.root, 'back'), 'utf8'), readFileSync('/etc/hosts', 'utf8'));
  assert.equal(await docker('start', '-a', 'victim'), readFileSync('/etc/hosts', 'utf8').trimEnd());
});
