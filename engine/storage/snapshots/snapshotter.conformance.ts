import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { EngineError } from '../../base/errors.ts';
import type { Mount } from '../../base/mount.ts';
import { type TarFixture, tarBytes } from '../../testing/tar-bytes.ts';
import type { LayerUnpacker } from './layer-unpacker.ts';
import type { SnapshotInfo, Snapshotter } from './snapshotter.ts';

export interface SnapshotterUnderTest {
  snapshots: Snapshotter;
  unpacker: LayerUnpacker;
  /** A directory for files of the test. */
  scratch: string;
  /** Performs the mounts while `use` runs. */
  mounted<T>(mounts: readonly Mount[], use: (root: string) => T): Promise<T>;
  /** As after a crash and a new start; the old one is not used any more. */
  reopen(): Promise<Snapshotter>;
  /** Names of the directories on the disk. */
  directories(): string[];
  close(): Promise<void>;
}

async function listed(snapshots: Snapshotter): Promise<SnapshotInfo[]> {
  const found: SnapshotInfo[] = [];
  for await (const info of snapshots.list()) found.push(info);
  return found;
}

const failsWith = (code: string) => (error: unknown) => error instanceof EngineError && error.code === code;

async function layer(subject: SnapshotterUnderTest, name: string, parent: string | undefined, entries: TarFixture[]) {
  const { snapshots, unpacker, scratch } = subject;
  await snapshots.prepare(`unpack:${name}`, parent);
  const file = path.join(scratch, 'layer.tar');
  writeFileSync(file, tarBytes(entries));
  const usage = await unpacker.unpack({ file, target: await snapshots.target(`unpack:${name}`) });
  await snapshots.commit(name, `unpack:${name}`, usage);
}

/** What every snapshotter does; as root, with real mounts. */
export function snapshotterConformance(name: string, open: () => Promise<SnapshotterUnderTest>): void {
  const conformance = (title: string, run: (subject: SnapshotterUnderTest) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const subject = await open();
      try {
        await run(subject);
      } finally {
        await subject.close();
      }
    });

  conformance('layers upon layers: whiteouts, opaque directories, replaced kinds, all metadata', async (subject) => {
    await layer(subject, 'one', undefined, lowerLayer);
    await layer(subject, 'two', 'one', upperLayer);
    await subject.snapshots.prepare('container:a', 'two');
    await subject.mounted(await subject.snapshots.mounts('container:a'), (root) => {
      const at = (...names: string[]) => path.join(root, ...names);
      assert.deepEqual(
        readdirSync(root).sort(),
        [
          'become-file',
          'become-folder',
          'again',
          'hard',
          'kept',
          'null',
          'opaque',
          'pipe',
          'sticky',
          'su',
          'target',
          'to',
        ].sort(),
      );
      assert.equal(readFileSync(at('kept'), 'utf8'), 'kept');
      assert.deepEqual(readdirSync(at('opaque')), ['new']);
      assert.deepEqual(readdirSync(at('again')), ['second']);
      assert.equal(readFileSync(at('become-file'), 'utf8'), 'a file now');
      assert.deepEqual(readdirSync(at('become-folder')), ['inside']);
      assert.equal(lstatSync(at('hard')).ino, lstatSync(at('target')).ino);
      assert.equal(readFileSync(at('to'), 'utf8'), 'changed');
      const su = lstatSync(at('su'));
      assert.deepEqual([su.mode & 0o7777, su.uid, su.gid, su.mtimeMs], [0o4711, 12, 34, 1_000_000]);
      assert.equal(lstatSync(at('sticky')).mode & 0o7777, 0o1777);
      assert.equal(lstatSync(at('sticky')).mtimeMs, 2_000_000);
      assert.equal(lstatSync(at('null')).rdev, 0x103);
      assert.ok(lstatSync(at('pipe')).isFIFO());
    });
  });

  conformance('a layer unpacked before its parent is put on it', async (subject) => {
    const { snapshots, unpacker, scratch } = subject;
    if (!snapshots.apart) return;
    const file = path.join(scratch, 'apart.tar');
    writeFileSync(file, tarBytes([{ name: 'd/', type: '5' }, { name: 'd/upper', content: 'x' }, { name: '.wh.gone' }]));
    await snapshots.prepare('unpack:two');
    const target = { ...(await snapshots.target('unpack:two')), lowers: 'unknown' as const };
    const usage = await unpacker.unpack({ file, target });
    assert.equal(usage.hasRoot, false);
    const below = [
      { name: './', type: '5', mode: 0o751, uid: 7, gid: 8 },
      { name: 'd/', type: '5' },
      { name: 'd/lower', content: 'x' },
      { name: 'gone', content: 'x' },
    ];
    await assert.rejects(
      snapshots.commit('two', 'unpack:two', usage, { parent: 'one', likeRoot: true }),
      failsWith('not-found'),
    );
    await layer(subject, 'one', undefined, below);
    await snapshots.commit('two', 'unpack:two', usage, { parent: 'one', likeRoot: !usage.hasRoot });
    assert.equal((await snapshots.stat('two')).parent, 'one');
    await assert.rejects(snapshots.remove('one'), failsWith('conflict'));
    await snapshots.prepare('container:a', 'two');
    await subject.mounted(await snapshots.mounts('container:a'), (root) => {
      assert.deepEqual(readdirSync(root), ['d']);
      assert.deepEqual(readdirSync(path.join(root, 'd')).sort(), ['lower', 'upper']);
      const { mode, uid, gid } = statSync(root);
      assert.deepEqual([mode & 0o7777, uid, gid], [0o751, 7, 8]);
    });
  });

  conformance('a folder that an upper layer does not name keeps what the lower says of it', async (subject) => {
    await layer(subject, 'one', undefined, [
      { name: './', type: '5', mode: 0o711, uid: 7 },
      { name: 'tmp/', type: '5', mode: 0o1777, uid: 5, modified: 77 },
      { name: 'tmp/way', type: '2', link: '/real' },
      { name: 'real/', type: '5' },
    ]);
    await layer(subject, 'two', 'one', [
      { name: 'tmp/way/file', content: 'x' },
      { name: 'tmp/other', content: 'y' },
    ]);
    await subject.snapshots.prepare('container:a', 'two');
    await subject.mounted(await subject.snapshots.mounts('container:a'), (root) => {
      const top = lstatSync(root);
      assert.deepEqual([top.mode & 0o7777, top.uid], [0o711, 7]);
      const tmp = lstatSync(path.join(root, 'tmp'));
      assert.deepEqual([tmp.mode & 0o7777, tmp.uid, tmp.mtimeMs], [0o1777, 5, 77_000]);
      assert.ok(lstatSync(path.join(root, 'tmp/way')).isSymbolicLink());
      assert.equal(readFileSync(path.join(root, 'real/file'), 'utf8'), 'x');
    });
  });

  conformance('writable layers are apart, and their parent stays as it is', async (subject) => {
    const { snapshots } = subject;
    await layer(subject, 'one', undefined, [
      { name: 'file', content: 'original' },
      { name: 'gone', content: 'x' },
    ]);
    for (const key of ['container:a', 'container:b']) await snapshots.prepare(key, 'one');
    await subject.mounted(await snapshots.mounts('container:a'), (root) => {
      writeFileSync(path.join(root, 'file'), 'changed in a');
      rmSync(path.join(root, 'gone'));
    });
    await subject.mounted(await snapshots.mounts('container:a', { volatile: false }), (root) => {
      assert.equal(readFileSync(path.join(root, 'file'), 'utf8'), 'changed in a');
      assert.ok(!existsSync(path.join(root, 'gone')));
    });
    await subject.mounted(await snapshots.mounts('container:b'), (root) => {
      assert.equal(readFileSync(path.join(root, 'file'), 'utf8'), 'original');
      assert.ok(existsSync(path.join(root, 'gone')));
    });
    assert.ok((await snapshots.usage('container:a')).bytes >= 'changed in a'.length);
  });

  conformance('keys, kinds and children are kept in order', async (subject) => {
    const { snapshots } = subject;
    await layer(subject, 'one', undefined, [{ name: 'file', content: '12345' }]);
    await assert.rejects(snapshots.prepare('x', 'no-such'), failsWith('not-found'));
    await snapshots.prepare('x', 'one');
    await assert.rejects(snapshots.prepare('x'), failsWith('conflict'));
    await assert.rejects(snapshots.prepare('y', 'x'), failsWith('conflict'));
    await assert.rejects(snapshots.remove('one'), failsWith('conflict'));
    await assert.rejects(snapshots.mounts('one'), failsWith('conflict'));
    await assert.rejects(snapshots.stat('no-such'), failsWith('not-found'));
    assert.deepEqual(await snapshots.stat('one'), { key: 'one', kind: 'committed', bytes: 5, inodes: 1 });
    assert.deepEqual(await snapshots.usage('one'), { bytes: 5, inodes: 1 });
    assert.deepEqual(
      (await listed(snapshots)).map(({ key, parent }) => [key, parent]),
      [
        ['one', undefined],
        ['x', 'one'],
      ],
    );
    await snapshots.remove('x');
    await snapshots.remove('one');
    await assert.rejects(snapshots.remove('one'), failsWith('not-found'));
    assert.deepEqual(await listed(snapshots), []);
  });

  conformance('two makers of one layer: the second one finds it there', async (subject) => {
    const { snapshots } = subject;
    for (const key of ['first', 'second']) await snapshots.prepare(key);
    await snapshots.commit('same', 'first', { bytes: 1, inodes: 1 });
    await snapshots.commit('same', 'second', { bytes: 1, inodes: 1 });
    assert.deepEqual(
      (await listed(snapshots)).map(({ key }) => key),
      ['same'],
    );
  });

  conformance('a root filesystem without layers is empty and writable', async (subject) => {
    await subject.snapshots.prepare('container:a');
    await subject.mounted(await subject.snapshots.mounts('container:a'), (root) => {
      assert.deepEqual(readdirSync(root), []);
      assert.equal(statSync(root).mode & 0o7777, 0o755);
      writeFileSync(path.join(root, 'file'), 'x');
    });
    assert.deepEqual(await subject.snapshots.usage('container:a'), { bytes: 1, inodes: 1 });
  });

  conformance('what snapshots take on the disk, each alone; one that is written to grows', async (subject) => {
    const { snapshots } = subject;
    await layer(subject, 'one', undefined, [{ name: 'file', content: Buffer.alloc(400_000, 1) }]);
    await layer(subject, 'two', 'one', [{ name: 'more', content: Buffer.alloc(100_000, 1) }]);
    await snapshots.prepare('container:a', 'two');
    const below = snapshots.apart ? 0 : 400_000;
    const between = (bytes: number | undefined, least: number) =>
      assert.ok(bytes !== undefined && bytes >= least && bytes < least + 50_000, `${bytes} for ${least}`);
    const first = await snapshots.allocated(['one', 'two', 'container:a', 'gone']);
    between(first.get('one'), 400_000);
    between(first.get('two'), 100_000 + below);
    assert.equal(first.has('gone'), false);
    const before = first.get('container:a') ?? 0;
    const { directory } = await snapshots.target('container:a');
    writeFileSync(path.join(directory, 'written'), Buffer.alloc(300_000, 1));
    between((await snapshots.allocated(['container:a'])).get('container:a'), before + 300_000);
  });

  conformance('a new start keeps what has a row and clears what has none', async (subject) => {
    await layer(subject, 'one', undefined, [{ name: 'file', content: 'x' }]);
    await subject.snapshots.prepare('container:a', 'one');
    await subject.snapshots.prepare('container:b', 'one');
    await subject.snapshots.remove('container:b');
    const snapshots = await subject.reopen();
    assert.deepEqual(
      (await listed(snapshots)).map(({ key }) => key),
      ['container:a', 'one'],
    );
    await subject.mounted(await snapshots.mounts('container:a'), (root) => {
      assert.equal(readFileSync(path.join(root, 'file'), 'utf8'), 'x');
    });
    await snapshots.remove('container:a');
    await snapshots.remove('one');
    await subject.unpacker.close();
    assert.deepEqual(subject.directories(), []);
  });
}

const lowerLayer: TarFixture[] = [
  { name: './', type: '5', mode: 0o755 },
  { name: 'kept', content: 'kept' },
  { name: 'removed', content: 'x' },
  { name: 'folder/', type: '5' },
  { name: 'folder/file', content: 'x' },
  { name: 'opaque/', type: '5' },
  { name: 'opaque/old', content: 'x' },
  { name: 'again/', type: '5' },
  { name: 'again/first', content: 'x' },
  { name: 'become-file/', type: '5' },
  { name: 'become-file/x', content: 'x' },
  { name: 'become-folder', content: 'x' },
  { name: 'to', content: 'x' },
];

const upperLayer: TarFixture[] = [
  { name: '.wh.removed' },
  { name: '.wh.folder' },
  { name: 'opaque/', type: '5', mode: 0o755 },
  { name: 'opaque/new', content: 'x' },
  { name: 'opaque/.wh..wh..opq' },
  { name: '.wh.again' },
  { name: 'again/', type: '5', mode: 0o755 },
  { name: 'again/second', content: 'x' },
  { name: 'become-file', content: 'a file now' },
  { name: 'become-folder/', type: '5', mode: 0o755 },
  { name: 'become-folder/inside', content: 'x' },
  { name: 'target', content: 'changed' },
  { name: 'hard', type: '1', link: 'target' },
  { name: 'to', type: '2', link: 'target' },
  { name: 'su', mode: 0o4711, uid: 12, gid: 34, modified: 1000, content: 'x' },
  { name: 'sticky/', type: '5', mode: 0o1777, modified: 2000 },
  { name: 'sticky/later', content: 'x' },
  { name: 'null', type: '3', device: { major: 1, minor: 3 } },
  { name: 'pipe', type: '6' },
];
