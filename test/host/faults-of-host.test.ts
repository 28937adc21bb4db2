import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { type Ended, runToEnd } from '../docker-cli.ts';
import { deleteFolders, newFolders, startEngine, startRefused, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { spaceAside } from './space-aside.ts';

const done = ({ code, stderr }: Ended) => assert.equal(code, 0, stderr);
const sleeper = (name: string) => ['run', '-d', '--name', name, sampleImage, 'sleep', '600'];

/** A real file system of 32 MB in a file. */
async function openSmallDisk() {
  const root = mkdtempSync(path.join(tmpdir(), 'beluga-disk-'));
  const [image, mount] = [`${root}.ext4`, root];
  writeFileSync(image, '');
  done(await runToEnd('truncate', ['-s', '32M', image]));
  done(await runToEnd('mkfs.ext4', ['-q', '-m', '0', image]));
  done(await runToEnd('mount', ['-o', 'loop', image, mount]));
  return {
    dataRoot: path.join(mount, 'data'),
    fill() {
      for (const bytes of [1 << 20, 4096]) {
        try {
          for (let part = 0; ; part++)
            writeFileSync(path.join(mount, `filler-${bytes}-${part}`), Buffer.alloc(bytes, 1));
        } catch (error) {
          assert.match(String(error), /ENOSPC/);
        }
      }
      assert.ok(statfsSync(mount).bavail < 16);
    },
    makeRoom() {
      for (const name of readdirSync(mount)) if (name.startsWith('filler')) rmSync(path.join(mount, name));
    },
    async close() {
      done(await runToEnd('umount', [mount]));
      rmdirSync(mount);
      rmSync(image);
    },
  };
}

test('a disk that is full: each call says so or is done whole, nothing is half, all goes on with room', async () => {
  const disk = await openSmallDisk();
  try {
    await using engine = await startEngine({ dataRoot: disk.dataRoot });
    await spaceAside(disk.dataRoot);
    const { docker } = engine;
    const noRoom = /no space left on device/i;
    const either = async (...args: string[]) => {
      const ended = await docker.run(args, { exits: 'any' });
      if (ended.code !== 0) assert.match(ended.stderr, noRoom);
      return ended.code === 0;
    };
    await docker('load', '-i', sampleArchive());
    await docker(...sleeper('runs'));
    await docker('run', '-d', '--name', 'talks', sampleImage, 'sh', '-c', 'while :; do echo word; sleep 0.01; done');
    await docker('exec', 'runs', 'sh', '-c', 'head -c 1000000 /dev/urandom > /large');
    disk.fill();
    const made: string[] = [];
    for (let n = 0; n < 12; n++)
      if (await either('create', '--name', `made-${n}`, sampleImage, 'true')) made.push(`made-${n}`);
    for (const name of made) await either('start', name);
    assert.equal(await docker('exec', 'runs', 'echo', 'here'), 'here');
    const images = await docker('images', '-aq');
    assert.equal(await either('commit', 'runs', 'too-much:1'), false);
    assert.equal(await docker('images', '-aq'), images);
    assert.equal(await docker('inspect', '-f', '{{.State.Status}}', 'runs'), 'running', 'it does not stand still');
    const listed = (await docker('ps', '-a', '--format', '{{.Names}}')).split('\n').sort();
    assert.deepEqual(listed, ['runs', 'talks', ...made].sort());
    await engine.kill('SIGKILL');
    disk.makeRoom();
    const since = String(Date.now() / 1000);
    await engine.restart();
    await waitUntil('what talks is heard again', async () => (await docker('logs', '--since', since, 'talks')) !== '');
    await docker('commit', 'runs', 'enough:1');
    assert.deepEqual((await docker('ps', '-a', '--format', '{{.Names}}')).split('\n').sort(), listed);
    for (const name of made) await docker('start', '-a', name);
    assert.equal(await docker('run', '--rm', sampleImage, 'echo', 'room'), 'room');
  } finally {
    await disk.close();
  }
});

test('records that somebody else holds locked: calls fail in one sentence, and go on afterwards', async () => {
  await using engine = await startEngine();
  const { docker } = engine;
  await docker('load', '-i', sampleArchive());
  await docker(...sleeper('runs'));
  const other = new DatabaseSync(path.join(engine.folders.dataRoot, 'beluga.db'));
  other.exec('BEGIN IMMEDIATE');
  const said = await docker.fails(1, 'create', '--name', 'never', sampleImage);
  assert.match(said, /locked/);
  assert.equal(await docker('ps', '-a', '--format', '{{.Names}}'), 'runs');
  process.kill(Number(await docker('inspect', '-f', '{{.State.Pid}}', 'runs')), 'SIGKILL');
  other.exec('ROLLBACK');
  other.close();
  await waitUntil(
    'the end is told',
    async () => (await docker('inspect', '-f', '{{.State.Status}}', 'runs')) === 'exited',
  );
  await docker('create', '--name', 'now', sampleImage);
});

test('damaged records are refused untouched, in words', async () => {
  const engine = await startEngine();
  await engine.docker('load', '-i', sampleArchive());
  for (let n = 0; n < 20; n++) await engine.docker('create', sampleImage);
  await engine.kill('SIGTERM');
  const file = path.join(engine.folders.dataRoot, 'beluga.db');
  const whole = readFileSync(file);
  // all but the first page, which says whose file it is
  const damaged = Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 0x5a)]);
  writeFileSync(file, damaged);
  const why = await startRefused(engine.folders);
  assert.equal(why.reason, 'data-root.damaged');
  assert.match(why.message, /beluga\.db are damaged/);
  assert.deepEqual(readFileSync(file), damaged);
  writeFileSync(file, whole);
  await engine.restart();
  assert.equal((await engine.docker('ps', '-aq')).split('\n').length, 20);
  assert.deepEqual(await engine.shutDown(), []);
  deleteFolders(engine.folders);
});

test('a data root that is read-only from the start is refused, in words', async () => {
  const folders = newFolders();
  mkdirSync(folders.dataRoot);
  done(await runToEnd('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'beluga-read-only', folders.dataRoot]));
  try {
    const why = await startRefused(folders);
    assert.deepEqual([why.code, why.reason], ['unavailable', 'data-root.read-only']);
    assert.match(why.message, /is on a read-only file system/);
  } finally {
    done(await runToEnd('umount', [folders.dataRoot]));
  }
  deleteFolders(folders);
});

test('the run root is lost while containers run: they are ended, told so, and start again', async () => {
  await using engine = await startEngine();
  const { docker } = engine;
  await docker('load', '-i', sampleArchive());
  await docker(...sleeper('lost'));
  const pid = await docker('inspect', '-f', '{{.State.Pid}}', 'lost');
  await engine.kill('SIGKILL');
  const holder = JSON.parse(readFileSync(path.join(engine.folders.runRoot, 'holder.json'), 'utf8')) as { pid: number };
  for (const name of readdirSync(engine.folders.runRoot))
    rmSync(path.join(engine.folders.runRoot, name), { recursive: true, force: true });
  process.kill(holder.pid, 'SIGKILL');
  await engine.restart();
  await waitUntil('its process has ended', () => !existsSync(`/proc/${pid}/root`));
  assert.match(await docker('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'lost'), /^exited (255|137)$/);
  await docker('start', 'lost');
  assert.equal(await docker('exec', 'lost', 'echo', 'again'), 'again');
});

const idle = (socketPath: string) => {
  const socket = net.connect(socketPath);
  socket.on('error', () => {});
  return socket;
};

test('too many open files: the engine lives, and goes on once they are closed', async () => {
  await using engine: TestEngine = await startEngine({ prefix: ['prlimit', '--nofile=120:120'] });
  const { docker, folders } = engine;
  await docker('load', '-i', sampleArchive());
  const sockets = Array.from({ length: 300 }, () => idle(folders.socket));
  await waitUntil('there is none left', () => readdirSync(`/proc/${engine.pid}/fd`).length >= 115);
  const client = docker.start(['run', '--rm', sampleImage, 'echo', 'late']);
  for (const socket of sockets) socket.destroy();
  const { code, stdout, stderr } = await client.ended;
  if (code === 0) assert.equal(stdout, 'late\n');
  else assert.match(stderr, /too many open files|EMFILE|EOF|reset|connect/i);
  assert.equal(await docker('run', '--rm', sampleImage, 'echo', 'again'), 'again');
});

test('no process can be made: a start says so, nothing is left, and the next works', async () => {
  const cgroup = `/sys/fs/cgroup/pids/beluga-faults-${process.pid}`;
  done(await runToEnd('mkdir', [cgroup]));
  try {
    await using engine = await startEngine();
    const { docker } = engine;
    await docker('load', '-i', sampleArchive());
    await docker('create', '--name', 'victim', sampleImage, 'echo', 'once');
    writeFileSync(path.join(cgroup, 'cgroup.procs'), String(engine.pid));
    const now = readFileSync(path.join(cgroup, 'pids.current'), 'utf8').trim();
    writeFileSync(path.join(cgroup, 'pids.max'), now);
    const { code, stderr } = await docker.run(['start', '-a', 'victim'], { exits: 'any' });
    assert.notEqual(code, 0);
    assert.match(stderr, /Resource temporarily unavailable|EAGAIN/);
    assert.equal(await docker('inspect', '-f', '{{.State.Status}}', 'victim'), 'created');
    writeFileSync(path.join(cgroup, 'pids.max'), 'max');
    assert.equal(await docker('start', '-a', 'victim'), 'once');
  } finally {
    await waitUntil('its cgroup is empty', () => readFileSync(path.join(cgroup, 'cgroup.procs'), 'utf8') === '');
    rmdirSync(cgroup);
  }
});
