import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { openRecords } from '../../engine/storage/records/records.ts';
import type { Snapshotter } from '../../engine/storage/snapshots/snapshotter.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

// What users do with a container's files comes to the same, whatever keeps them: deleted files, opaque directories, holes.

const folder = mkdtempSync(path.join(tmpdir(), 'beluga-snapshotter-'));
after(() => rmSync(folder, { recursive: true }));

/** An engine whose data root has this snapshotter from the beginning, as if no other had worked here. */
async function engineWith(name: Snapshotter['name']): Promise<TestEngine> {
  const dataRoot = path.join(folder, name, 'data');
  mkdirSync(dataRoot, { recursive: true, mode: 0o711 });
  const records = openRecords(path.join(dataRoot, 'beluga.db'));
  records.database.prepare(`INSERT INTO meta (key, value) VALUES ('snapshotter', ?)`).run(name);
  records.close();
  return startEngine({ dataRoot });
}

const writes = [
  'rm -rf /home; mkdir /home; echo x > /home/n; rm /etc/group; echo z >> /etc/passwd; mkdir -p /newd/deep',
  'rm -rf /usr; echo f > /usr; chmod 700 /var; ln -s a /sl; mknod /dn c 1 3; mkfifo /newd/fifo; touch /newd/deep/x',
  'ln /newd/deep/x /newd/deep/y; chown 12:34 /newd/deep/x; mkdir /newd/gone; rmdir /newd/gone',
  'truncate -s 2097152 /newd/holes; echo end >> /newd/holes',
].join('; ');
const changed = [
  ...['A /dn', 'C /etc', 'D /etc/group', 'C /etc/passwd', 'C /home', 'A /home/n', 'A /newd', 'A /newd/deep'],
  ...['A /newd/deep/x', 'A /newd/deep/y', 'A /newd/fifo', 'A /newd/holes', 'A /sl', 'C /usr', 'C /var'],
];
const look = [
  'ls -lnR /newd /home | grep -v ^total; cat /usr; ls -ld /var | cut -c1-10; readlink /sl; ls -l /dn | cut -c1-10',
  'ls /etc; tail -n 1 /etc/passwd; md5sum /newd/holes; test $(du -k /newd/holes | cut -f1) -lt 100 && echo sparse',
].join('; ');

const lines = (words: string) => words.split('\n').filter(Boolean);
const byPath = (a: string, b: string) => (a.slice(2) < b.slice(2) ? -1 : 1);
const namesIn = (tar: string) =>
  lines(execFileSync('tar', ['-tf', tar], { encoding: 'utf8' }))
    .map((name) => name.replace(/\/$/, ''))
    .sort();

/** Everything that a user sees of it, to be compared between the three. */
async function seen(engine: TestEngine, work: string) {
  const { docker } = engine;
  await docker('load', '-i', sampleArchive());
  const own = ['--network', 'none', sampleImage, 'sh', '-c'];
  const diff = async (name: string) => lines(await docker('diff', name)).sort(byPath);
  await docker('run', '--name', 'stopped', ...own, writes);
  await docker('run', '-d', '--name', 'running', ...own, `${writes}; touch /ready; sleep 1000`);
  await waitUntil('it has written', async () => (await diff('running')).includes('A /ready'));
  assert.deepEqual(await diff('stopped'), changed);
  assert.deepEqual(
    (await diff('running')).filter((line) => line !== 'A /ready'),
    changed,
  );
  await docker('commit', 'running', 'of/it:1');
  await docker('create', '--name', 'again', '--network', 'none', 'of/it:1');
  assert.deepEqual(await diff('again'), []);
  const saved = path.join(work, 'saved.tar');
  await docker('save', '-o', saved, 'of/it:1');
  const [manifest] = JSON.parse(execFileSync('tar', ['-xOf', saved, 'manifest.json'], { encoding: 'utf8' }));
  const layer = path.join(work, 'layer.tar');
  writeFileSync(layer, execFileSync('tar', ['-xOf', saved, manifest.Layers.at(-1)], { maxBuffer: 1 << 26 }));
  const inside = await docker('run', '--rm', '--network', 'none', 'of/it:1', 'sh', '-c', look);
  const root = path.join(work, 'root.tar');
  await docker('export', '-o', root, 'stopped');
  return {
    layer: namesIn(layer),
    // without the times
    inside: inside.replaceAll(/ [A-Z][a-z]{2} +\d+ \d\d:\d\d /g, ' '),
    exported: namesIn(root),
    copied: await copies(engine, work),
  };
}

async function copies({ docker }: TestEngine, work: string) {
  const copied = [];
  for (const name of ['stopped', 'running']) {
    assert.match(await docker.fails(1, 'cp', `${name}:/etc/group`, work), /Could not find the file \/etc\/group/);
    await docker('cp', `${name}:/newd`, path.join(work, `from-${name}`));
    const found = execFileSync('find', ['.', '-printf', '%y %P %s\n'], { cwd: path.join(work, `from-${name}`) });
    copied.push(
      lines(String(found))
        .filter((line) => !line.startsWith('d'))
        .sort(),
    );
    // over what was deleted, and into what is opaque
    writeFileSync(path.join(work, 'group'), 'mine:x:1:\n');
    await docker('cp', path.join(work, 'group'), `${name}:/etc/group`);
    await docker('cp', path.join(work, 'group'), `${name}:/home/group`);
    await docker('cp', `${name}:/etc/group`, path.join(work, 'back'));
    assert.equal(execFileSync('cat', [path.join(work, 'back')], { encoding: 'utf8' }), 'mine:x:1:\n');
    const after = lines(await docker('diff', name));
    assert.ok(after.includes('C /etc/group') && after.includes('A /home/group'), after.join(' '));
  }
  return copied;
}

let first: Awaited<ReturnType<typeof seen>> | undefined;

for (const name of ['overlay', 'fuse-overlayfs', 'vfs'] as const)
  test(`${name}: diff, commit, save, export and cp`, async () => {
    await using engine = await engineWith(name);
    assert.equal((await engine.version()).snapshotter, name);
    const work = path.join(folder, name);
    const found = await seen(engine, work);
    const { layer, inside } = found;
    for (const entry of ['etc/.wh.group', 'home/n', 'newd/deep/y', 'usr', 'newd/holes'])
      assert.ok(layer.includes(entry), entry);
    assert.ok(!layer.some((entry) => entry.includes('gone') || entry.includes('.wh..wh.')), layer.join(' '));
    assert.match(inside, /\nsparse$/);
    first ??= found;
    assert.deepEqual(found, first);
  });
