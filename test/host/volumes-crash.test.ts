import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { runToEnd } from '../docker-cli.ts';
import { newFolders, startEngine, type TestEngine } from '../engine-fixture.ts';
import { dockerArchive, sampleArchive, sampleImage, sampleLayer, tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { spaceAside } from './space-aside.ts';

/** Files that an image has at its VOLUME: enough that their copy lasts. */
const files = 2000;
const image = 'fixture/many:1';

let engine: TestEngine;
before(async () => {
  engine = await startEngine();
  await engine.docker('load', '-i', sampleArchive());
  await load(engine);
});
after(() => engine[Symbol.asyncDispose]());
afterEach(async () => {
  const all = lines(await docker('ps', '-aq'));
  if (all.length > 0) await docker('rm', '-fv', ...all);
  const volumes = lines(await docker('volume', 'ls', '-q'));
  if (volumes.length > 0) await docker('volume', 'rm', ...volumes);
});

async function load({ docker: cli }: TestEngine, count = files, size = 100): Promise<void> {
  const many = Array.from({ length: count }, (_, index) => ({ name: `data/${index}`, content: 'x'.repeat(size) }));
  const layers = [
    await sampleLayer(),
    await tarOf([{ name: 'data', type: 'directory', mode: 0o700, uid: 7 }, ...many]),
  ];
  const config = { Cmd: ['sleep', '1000'], Volumes: { '/data': {} } };
  await cli.run(['load'], { input: await dockerArchive({ name: image, layers, config }) });
}

const docker = (...args: string[]) => engine.docker(...args);
const lines = (words: string) => words.split('\n').filter(Boolean);
const volumes = async () => lines(await docker('volume', 'ls', '-q')).sort();
const at = (...names: string[]) => path.join(engine.folders.dataRoot, 'volumes', ...names);
const namesAt = (...names: string[]) => (existsSync(at(...names)) ? readdirSync(at(...names)) : []);
const strayNames = () => namesAt().filter((name) => name !== '.removed');
/** Mount points among the volumes, in the engine's namespace. */
const mountsThere = () =>
  lines(readFileSync(`/proc/${engine.pid}/mountinfo`, 'utf8')).filter((line) => line.includes(` ${at()}/`)).length;

/** Kills the engine while it copies into a volume that `find` names. */
async function killInCopy(find: () => string | undefined, ...create: string[]): Promise<void> {
  const client = engine.docker.start(['create', ...create, image]);
  await waitUntil('the copy is under way', () => {
    const name = find();
    return name !== undefined && namesAt(name, '_fill').length > 10;
  });
  await engine.kill('SIGKILL');
  await client.ended;
}

test('a copy that was cut off: the volume is as empty as before, and is filled by the next container', async () => {
  await docker('volume', 'create', 'half');
  await killInCopy(() => 'half', '-v', 'half:/data');
  assert.ok(namesAt('half', '_fill').length > 10, 'it was in the middle');
  await engine.restart();
  assert.deepEqual([await volumes(), await docker('ps', '-aq')], [['half'], '']);
  assert.deepEqual([namesAt('half'), namesAt('half', '_data')], [['_data'], []]);
  await docker('create', '--name', 'again', '-v', 'half:/data', image);
  assert.equal(namesAt('half', '_data').length, files);
  assert.deepEqual(namesAt('half'), ['_data']);
});

test('a create that was cut off leaves no volume without a name', async () => {
  await killInCopy(() => strayNames()[0]);
  await engine.restart();
  assert.deepEqual([await volumes(), await docker('ps', '-aq'), strayNames()], [[], '', []]);
  await waitUntil('its files are gone', () => namesAt('.removed').length === 0);
});

test('a whole copy that was not all there yet arrives', async () => {
  await docker('volume', 'create', 'full');
  await engine.kill('SIGKILL');
  mkdirSync(at('full', '_full'), { mode: 0o751 });
  for (const name of ['one', 'two']) writeFileSync(at('full', '_full', name), name);
  writeFileSync(at('full', '_data', 'zero'), 'there already');
  await engine.restart();
  const look = ['run', '--rm', '-v', 'full:/x', sampleImage, 'sh', '-c', 'stat -c %a /x; ls /x'];
  assert.equal(await docker(...look), '751\none\ntwo\nzero');
  assert.deepEqual(namesAt('full'), ['_data']);
});

test('between directory and record, on the way in and out', async () => {
  await docker('volume', 'create', 'going');
  await docker('volume', 'create', 'staying');
  const since = String(Date.now() / 1000);
  await engine.kill('SIGKILL');
  mkdirSync(at('coming', '_data'), { recursive: true });
  mkdirSync(at('foreign', '_data'), { recursive: true });
  writeFileSync(at('foreign', '_data', 'file'), 'of somebody');
  mkdirSync(at('.removed'), { recursive: true });
  renameSync(at('going'), at('.removed', '7-going'));
  rmSync(at('staying'), { recursive: true });
  await engine.restart();
  assert.deepEqual(await volumes(), ['staying']);
  assert.deepEqual(strayNames().sort(), ['foreign', 'staying']);
  const format = '{{.Action}} {{.Actor.ID}}';
  const told = await docker(
    'events',
    '--since',
    since,
    '--until',
    String(Date.now() / 1000 + 1),
    '--filter',
    'type=volume',
    '--format',
    format,
  );
  assert.equal(told, 'destroy going');
  await waitUntil('its files are gone', () => namesAt('.removed').length === 0);
  assert.equal(await docker('run', '--rm', '-v', 'staying:/x', sampleImage, 'ls', '/x'), '');
  await docker('volume', 'create', 'foreign');
  assert.equal(await docker('run', '--rm', '-v', 'foreign:/x', sampleImage, 'cat', '/x/file'), 'of somebody');
});

test('a volume, and its own mount, outlive the engine and end with the last container', async () => {
  await docker('volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'memory');
  const run = (name: string) =>
    docker(
      'run',
      '-d',
      '--name',
      name,
      '--network',
      'none',
      '-v',
      'memory:/m',
      '-v',
      'disk:/d',
      sampleImage,
      'sleep',
      '1000',
    );
  await run('stays');
  await run('ends');
  await docker('exec', 'stays', 'sh', '-c', 'echo mine | tee /m/file > /d/file');
  const pid = await docker('inspect', '-f', '{{.State.Pid}}', 'ends');
  await engine.kill('SIGKILL');
  process.kill(Number(pid), 'SIGKILL');
  await waitUntil('it ended', () => !existsSync(`/proc/${pid}/root`));
  await engine.restart();
  assert.equal(mountsThere(), 1);
  assert.equal(await docker('exec', 'stays', 'cat', '/m/file', '/d/file'), 'mine\nmine');
  assert.match(await engine.docker.fails(1, 'volume', 'rm', 'memory'), /volume is in use/);
  await docker('start', 'ends');
  assert.equal(await docker('exec', 'ends', 'cat', '/m/file'), 'mine', 'the same mount');
  const other = await docker('inspect', '-f', '{{.State.Pid}}', 'stays', 'ends');
  await engine.kill('SIGKILL');
  for (const each of lines(other)) process.kill(Number(each), 'SIGKILL');
  await engine.restart();
  await waitUntil('nobody uses it', () => mountsThere() === 0);
  assert.equal(await docker('run', '--rm', '-v', 'disk:/d', sampleImage, 'cat', '/d/file'), 'mine');
});

test('a mount of a volume that nobody uses is released at the start', async () => {
  await docker('volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'memory');
  await docker('create', '--name', 'once', '-v', 'memory:/m', sampleImage, 'true');
  const inside = ['--mount', `--target=${engine.pid}`];
  await runToEnd('nsenter', [...inside, 'mount', '-t', 'tmpfs', 'tmpfs', at('memory', '_data')]);
  assert.equal(mountsThere(), 1);
  await engine.kill('SIGKILL');
  await engine.restart();
  assert.equal(mountsThere(), 0);
});

test('a disk that fills up in the middle: a clear refusal, an empty volume, nothing else', async () => {
  const folders = newFolders();
  const dataRoot = path.join(folders.root, 'small');
  mkdirSync(dataRoot);
  await runToEnd('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'beluga-small', dataRoot]);
  try {
    const small = await startEngine({ dataRoot });
    try {
      await spaceAside(dataRoot);
      await load(small, 40, 100_000);
      const { bavail, bsize } = statfsSync(dataRoot);
      writeFileSync(path.join(dataRoot, 'filler'), Buffer.alloc(bavail * bsize - 2_000_000));
      assert.match(await small.docker.fails(1, 'create', '-v', 'named:/data', image), /disk is full|no space/i);
      assert.match(await small.docker.fails(1, 'create', image), /disk is full|no space/i);
      assert.deepEqual(lines(await small.docker('volume', 'ls', '-q')), ['named']);
      assert.deepEqual(readdirSync(path.join(dataRoot, 'volumes/named')), ['_data']);
      assert.deepEqual(readdirSync(path.join(dataRoot, 'volumes/named/_data')), []);
      rmSync(path.join(dataRoot, 'filler'));
      await small.docker('create', '-v', 'named:/data', image);
      assert.equal(readdirSync(path.join(dataRoot, 'volumes/named/_data')).length, 40);
    } finally {
      await small[Symbol.asyncDispose]();
    }
  } finally {
    await runToEnd('umount', ['-l', dataRoot]);
    rmSync(folders.root, { recursive: true });
  }
});
