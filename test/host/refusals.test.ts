import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { BelugaDoctor } from '../../engine/http/extension-types.ts';
import { deleteFolders, getJson, newFolders, startEngine, startRefused } from '../engine-fixture.ts';
import { leftOvers } from '../leak-check.ts';
import { dockerArchive, sampleArchive, sampleImage, sampleLayer, tarOf } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { spaceAside } from './space-aside.ts';

/** An engine that must refuse to start with these folders: nothing of it is left. */
async function refusal(folders: ReturnType<typeof newFolders>) {
  const why = await startRefused(folders);
  const left = leftOvers({ root: folders.root, instance: undefined, containers: [] }, folders);
  assert.deepEqual(
    left.filter((entry) => !entry.endsWith('.lock')),
    [],
  );
  assert.doesNotMatch(why.message, /\n/);
  return why;
}

const hash = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

test('a data root that holds something else is refused untouched', async () => {
  const folders = newFolders();
  mkdirSync(folders.dataRoot);
  writeFileSync(path.join(folders.dataRoot, 'thesis.tex'), 'years of work');
  const why = await refusal(folders);
  assert.equal(why.reason, 'data-root.foreign');
  assert.match(why.message, new RegExp(folders.dataRoot));
  assert.deepEqual(
    readdirSync(folders.dataRoot).filter((name) => !name.endsWith('.lock')),
    ['thesis.tex'],
  );
  deleteFolders(folders);
});

test('a data root of a newer schema is refused untouched', async () => {
  const engine = await startEngine();
  const { folders } = engine;
  assert.deepEqual(await engine.shutDown(), []);
  const name = readdirSync(folders.dataRoot).find((entry) => /\.(?:db|sqlite)$/.test(entry)) ?? '';
  const file = path.join(folders.dataRoot, name);
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = DELETE; PRAGMA user_version = 99');
  database.close();
  const before = hash(file);
  const why = await refusal(folders);
  assert.equal(why.reason, 'data-root.newer-schema');
  assert.equal(hash(file), before);
  deleteFolders(folders);
});

test('a second engine on the same data root is refused; the first goes on', async () => {
  await using first = await startEngine();
  const folders = newFolders(first.folders.dataRoot);
  const why = await refusal(folders);
  assert.equal(why.reason, 'data-root.in-use');
  assert.equal(why.params.pid, first.pid);
  assert.equal(await first.docker('ps', '-q'), '');
  deleteFolders(folders);
});

/** A command in a mount namespace of its own in which these files are not programs. */
const without = (...files: string[]) => [
  'unshare',
  '--mount',
  '--propagation',
  'private',
  'sh',
  '-c',
  `${files.map((file) => `[ ! -e ${file} ] || mount --bind /dev/null ${file}`).join(' && ')} && exec "$0" "$@"`,
];
const placesOf = (program: string) =>
  ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin'].map((folder) => `${folder}/${program}`);

for (const { title, programs, install } of [
  { title: 'a runtime', programs: ['crun', 'runc'], install: /install the package (?:crun|runc)/ },
  { title: 'conmon', programs: ['conmon'], install: /install the package conmon/ },
]) {
  test(`without ${title} a start says which package to install, and the rest works`, async () => {
    await using engine = await startEngine({ prefix: without(...programs.flatMap(placesOf)) });
    const { docker } = engine;
    await docker('load', '-i', sampleArchive());
    assert.match(await docker.fails(125, 'run', '--name', 'waits', sampleImage, 'echo', 'no'), install);
    const { probes } = await getJson<BelugaDoctor>(engine.folders.socket, '/beluga/doctor');
    assert.ok(
      probes.some((probe) => !probe.ok && install.test(`${probe.detail} ${probe.help}`)),
      JSON.stringify(probes),
    );
    await docker('rm', '-f', 'waits').catch(() => {});
    await docker('rmi', sampleImage);
  });
}

test('disk full: load, create and write fail in one sentence, what was there works on', async () => {
  const small = mkdtempSync(path.join(tmpdir(), 'beluga-small-'));
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'small', small]).status, 0);
  try {
    await using engine = await startEngine({ dataRoot: path.join(small, 'data') });
    const { docker } = engine;
    await docker('load', '-i', sampleArchive());
    const large = await tarOf([{ name: 'large', content: randomBytes(40_000_000) }]);
    const archive = await dockerArchive({ name: 'fixture/large:1', layers: [await sampleLayer(), large] });
    const { stderr } = await docker.run(['load'], { input: archive, exits: 1 });
    assert.match(stderr, /no space left on device/);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.equal(await docker('images', '-q', 'fixture/large'), '');
    assert.equal(await docker('run', '--rm', sampleImage, 'echo', 'room again'), 'room again');

    const filled = await docker.run(
      ['run', '--name', 'filler', sampleImage, 'sh', '-c', 'head -c 60000000 /dev/zero > /big'],
      { exits: 1 },
    );
    assert.match(filled.stderr, /No space left on device|I\/O error/);
    const failed = await docker.run(['run', '--name', 'late', sampleImage, 'echo', 'no room'], { exits: 'any' });
    if (failed.code !== 0) assert.match(failed.stderr, /no space left on device|database or disk is full/i);
    await docker('rm', '-f', 'filler');
    assert.equal(await docker('run', '--rm', sampleImage, 'echo', 'room again'), 'room again');
  } finally {
    assert.equal(spawnSync('umount', [small]).status, 0, 'something still uses the small disk');
    rmdirSync(small);
  }
});

test('disk full while containers write: they go on, are stopped and removed, and nothing is shown that is not so', async () => {
  const small = mkdtempSync(path.join(tmpdir(), 'beluga-small-'));
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'small', small]).status, 0);
  try {
    await using engine = await startEngine({ dataRoot: path.join(small, 'data') });
    const { docker } = engine;
    await spaceAside(path.join(small, 'data'));
    await docker('load', '-i', sampleArchive());
    const run = (name: string, script: string) => docker('run', '-d', '--name', name, sampleImage, 'sh', '-c', script);
    // both run before the disk is full: a start has files to write
    const whenTold = 'until test -e /go; do sleep 0.1; done;';
    await run('writer', `${whenTold} seq 1 400000; exec sleep 600`);
    await run('large', `${whenTold} head -c 60000000 /dev/zero > /big; exec sleep 600`);
    await docker('exec', 'writer', 'touch', '/go');
    await waitUntil('it writes', async () => (await docker('logs', '--tail', '1', 'writer')) !== '');
    await docker('exec', 'large', 'touch', '/go');
    const sleeps = async (name: string) => /^\d+\s+sleep 600$/m.test(await docker('top', name, '-o', 'pid,args'));
    for (const name of ['writer', 'large']) await waitUntil(`${name} goes on`, () => sleeps(name));
    assert.equal(statfsSync(small).bavail, 0);

    assert.match(await docker('logs', '--tail', '1', 'writer'), /^\d+$/);
    assert.equal(await docker('exec', 'writer', 'echo', 'here'), 'here');
    for (let n = 0; n < 20; n += 1) {
      await docker('pause', 'writer');
      await docker('unpause', 'writer');
    }
    await docker('stop', '-t', '0', 'writer');
    assert.equal(await docker('ps', '--format', '{{.Names}}'), 'large');
    await docker('rm', '-f', 'writer', 'large');
    assert.equal(await docker('run', '--rm', sampleImage, 'echo', 'room again'), 'room again');
  } finally {
    assert.equal(spawnSync('umount', [small]).status, 0, 'something still uses the small disk');
    rmdirSync(small);
  }
});
