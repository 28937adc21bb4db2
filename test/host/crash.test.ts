import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Going } from '../docker-cli.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { mountsBelow } from '../leak-check.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { filesOfDataRoot } from './data-root-files.ts';
import { markKernelLog } from './kernel-log.ts';

let engine: TestEngine;
/** The data root's files before anything was loaded. */
let empty: string[];
let kernel: ReturnType<typeof markKernelLog>;
before(async () => {
  kernel = markKernelLog();
  engine = await startEngine();
  empty = filesOfDataRoot(engine.folders.dataRoot);
  await engine.docker('load', '-i', sampleArchive());
});
after(() => engine[Symbol.asyncDispose]());

const docker = (...args: string[]) => engine.docker(...args);
const lines = (words: string) => words.split('\n').filter(Boolean);
const state = (name: string, field: string) => docker('inspect', '-f', `{{.State.${field}}}`, name);
const running = async () => lines(await docker('ps', '--format', '{{.Names}}')).sort();

/** Root filesystems mounted in the engine's namespace, which is the holder's. */
function rootMounts(): string[] {
  return readFileSync(`/proc/${engine.pid}/mountinfo`, 'utf8')
    .split('\n')
    .filter((line) => line.includes(engine.folders.root) && / - overlay /.test(line));
}

const roots = () => [engine.folders.dataRoot, engine.folders.runRoot].sort();

/** A folder that containers see as /go, where a file ends them. */
function goFolder(): string {
  const folder = path.join(engine.folders.root, 'go');
  mkdirSync(folder, { recursive: true });
  return folder;
}

const endsWith = (name: string, code: number) =>
  `n=0; while [ ! -e /go/${name} ]; do n=$((n+1)); echo line $n; sleep 0.05; done; seq 1 500 | sed "s/^/last /"; exit ${code}`;

test('five containers outlive the engine; those that ended meanwhile have their code and every line', async () => {
  const go = goFolder();
  const five = ['c1', 'c2', 'c3', 'c4', 'c5'];
  for (const name of five)
    await docker(
      'run',
      '-d',
      '--name',
      name,
      sampleImage,
      'sh',
      '-c',
      'n=0; while :; do n=$((n+1)); echo tick $n; sleep 0.05; done',
    );
  const ending = ['e0', 'e3'];
  for (const name of ending)
    await docker(
      'run',
      '-d',
      '--name',
      name,
      '-v',
      `${go}:/go`,
      sampleImage,
      'sh',
      '-c',
      endsWith(name, Number(name[1])),
    );
  await docker('run', '-d', '--rm', '--name', 'auto', '-v', `${go}:/go`, sampleImage, 'sh', '-c', endsWith('auto', 0));
  const pids = await Promise.all(five.map((name) => state(name, 'Pid')));
  const endingPids = await Promise.all([...ending, 'auto'].map((name) => state(name, 'Pid')));
  const namespace = readlinkSync(`/proc/${engine.pid}/ns/mnt`);

  await engine.kill('SIGKILL');
  for (const name of [...ending, 'auto']) writeFileSync(path.join(go, name), '');
  for (const pid of endingPids) await waitUntil(`${pid} ended`, () => !existsSync(`/proc/${pid}/root`));
  for (const pid of pids) assert.ok(existsSync(`/proc/${pid}`), 'runs without the engine');
  await engine.restart();

  assert.equal(readlinkSync(`/proc/${engine.pid}/ns/mnt`), namespace);
  assert.deepEqual(await running(), five);
  assert.deepEqual(await Promise.all(five.map((name) => state(name, 'Pid'))), pids);
  for (const name of ending) {
    assert.equal(await state(name, 'Status'), 'exited');
    assert.equal(await state(name, 'ExitCode'), name.slice(1));
    const log = lines(await docker('logs', name));
    const ticks = log.filter((line) => line.startsWith('line '));
    assert.deepEqual(
      ticks,
      ticks.map((_, index) => `line ${index + 1}`),
    );
    assert.deepEqual(
      log.slice(ticks.length),
      Array.from({ length: 500 }, (_, index) => `last ${index + 1}`),
    );
  }
  await waitUntil(
    'the auto-remove container is removed',
    async () => (await docker('ps', '-aq', '--filter', 'name=auto')) === '',
  );

  assert.equal(rootMounts().length, 5);
  assert.deepEqual([...new Set(mountsBelow(engine.folders.root))].sort(), roots());
});

test('logs of those that went on have no gap', async () => {
  const log = lines(await docker('logs', 'c1'));
  assert.deepEqual(
    log,
    log.map((_, index) => `tick ${index + 1}`),
  );
  const before = log.length;
  await waitUntil('it goes on', async () => lines(await docker('logs', 'c1')).length > before);
});

test('after the crash others can be stopped, started, attached to and removed', async () => {
  await docker('stop', '-t', '1', 'c1');
  assert.equal(await state('c1', 'ExitCode'), '137');
  await docker('start', 'c1');
  await docker('start', 'e3');
  assert.equal(await docker('wait', 'e3'), '3');
  assert.equal(await docker('run', '--rm', sampleImage, 'echo', 'new'), 'new');
  const attached = engine.docker.start(['attach', '--no-stdin', '--sig-proxy=false', 'c2']);
  await waitUntil('attach hears it', () => attached.said().includes('tick'));
  await docker('rm', '-f', 'c2');
  await attached.ended;
  await docker('kill', 'c3');
  await waitUntil('c3 ended', async () => (await state('c3', 'Running')) === 'false');
  assert.deepEqual(await running(), ['c1', 'c4', 'c5']);
  assert.equal(rootMounts().length, 3);
});

test('an orderly end keeps containers too, and a client that follows comes back to the same log', async () => {
  const pid = await state('c4', 'Pid');
  const follower = engine.docker.start(['logs', '-f', 'c4']);
  await waitUntil('it follows', () => follower.said().includes('tick'));
  await engine.kill('SIGTERM');
  await follower.ended;
  assert.ok(existsSync(`/proc/${pid}`));
  await engine.restart();
  assert.equal(await state('c4', 'Pid'), pid);
});

test('standard input of a container still works after the crash', async () => {
  await docker(
    'run',
    '-di',
    '--name',
    'reader',
    sampleImage,
    'sh',
    '-c',
    'while read line; do echo "got $line"; done; echo end',
  );
  await engine.kill('SIGKILL');
  await engine.restart();
  const client = engine.docker.start(['attach', '--sig-proxy=false', 'reader']);
  client.child.stdin.write('hello\n');
  await waitUntil('the answer came', () => client.said().includes('got hello'));
  client.child.kill('SIGKILL');
  await client.ended;
  await docker('rm', '-f', 'reader');
});

test('a crash in the middle of starting and removing leaves nothing half', async () => {
  for (const round of [0, 1, 2]) {
    const clients = ['a', 'b', 'c'].map((name) =>
      engine.docker.start(['run', '-d', '--name', `half-${name}`, sampleImage, 'sleep', '60']),
    );
    await waitUntil('work began', async () => lines(await docker('ps', '-aq')).length > 4 + (round % 2));
    await engine.kill('SIGKILL');
    for (const client of clients) await client.ended;
    await engine.restart();
    for (const id of lines(await docker('ps', '-aq', '--no-trunc', '--filter', 'name=half'))) {
      const status = await state(id, 'Status');
      assert.ok(['created', 'running', 'exited'].includes(status), status);
      if (status === 'running') assert.ok(existsSync(`/proc/${await state(id, 'Pid')}`));
      else await docker('start', id);
    }
    const halves = lines(await docker('ps', '-aq', '--filter', 'name=half'));
    const removal = engine.docker.start(['rm', '-f', ...halves]);
    if (round === 2) await engine.kill('SIGKILL');
    await removal.ended;
    if (round === 2) await engine.restart();
    const rest = lines(await docker('ps', '-aq', '--filter', 'name=half'));
    if (rest.length > 0) await docker('rm', '-f', ...rest);
  }
  assert.equal(rootMounts().length, (await running()).length);
});

/** Starts a load that waits for the end of its archive; resolves when something of it is on the disk. */
async function halfALoad(): Promise<Going> {
  await waitUntil(
    'nothing of the removed image is left',
    () => filesOfDataRoot(engine.folders.dataRoot).length <= empty.length,
  );
  const archive = readFileSync(sampleArchive());
  const loading = engine.docker.start(['load']);
  loading.child.stdin.write(archive.subarray(0, Math.floor(archive.length * 0.8)));
  await waitUntil(
    'something of it is on the disk',
    () => filesOfDataRoot(engine.folders.dataRoot).length > empty.length,
  );
  return loading;
}

test('a crash during a load leaves nothing half-visible and nothing behind', async () => {
  const everything = lines(await docker('ps', '-aq'));
  await docker('rm', '-f', ...everything);
  await docker('rmi', sampleImage);
  const loading = await halfALoad();
  await engine.kill('SIGKILL');
  loading.child.stdin.destroy();
  await loading.ended;
  await engine.restart();
  assert.equal(await docker('images', '-aq'), '');
  assert.deepEqual(filesOfDataRoot(engine.folders.dataRoot), empty);
  await docker('load', '-i', sampleArchive());
  assert.equal(await docker('run', '--rm', sampleImage, 'echo', 'loaded'), 'loaded');
});

test('a load that its client breaks off leaves nothing behind', async () => {
  await waitUntil('no container is left', async () => (await docker('ps', '-aq')) === '');
  await docker('rmi', sampleImage);
  const loading = await halfALoad();
  loading.child.kill('SIGKILL');
  await loading.ended;
  await waitUntil('all of it is gone', () => filesOfDataRoot(engine.folders.dataRoot).length <= empty.length);
  assert.deepEqual(filesOfDataRoot(engine.folders.dataRoot), empty);
  assert.equal(await docker('images', '-aq'), '');
});

test('the kernel never saw two overlays on one directory', () => {
  const said = kernel.lines();
  assert.deepEqual(
    said.filter((line) => /overlay/i.test(line) && /in-use|undefined behavior/i.test(line)),
    [],
  );
});
