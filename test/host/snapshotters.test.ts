import assert from 'node:assert/strict';
import { chownSync, closeSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { createMounter } from '../../engine/drivers/mounts/mounter.ts';
import { openUserNamespace } from '../../engine/drivers/userns/new-namespaces.ts';
import { openRecords } from '../../engine/storage/records/records.ts';
import { chooseSnapshotter } from '../../engine/storage/snapshots/choose-snapshotter.ts';
import type { SnapshotterOptions } from '../../engine/storage/snapshots/directory-snapshotter.ts';
import { openFuseOverlayfsSnapshotter } from '../../engine/storage/snapshots/fuse-overlayfs-snapshotter.ts';
import { createLayerUnpacker } from '../../engine/storage/snapshots/layer-unpacker.ts';
import { defaultLayerLimits } from '../../engine/storage/snapshots/layer-writer.ts';
import { openOverlaySnapshotter } from '../../engine/storage/snapshots/overlay-snapshotter.ts';
import { openPlainCopySnapshotter } from '../../engine/storage/snapshots/plain-copy-snapshotter.ts';
import { tryIdMapped } from '../../engine/storage/snapshots/probe-id-mapped.ts';
import {
  type SnapshotterUnderTest,
  snapshotterConformance,
} from '../../engine/storage/snapshots/snapshotter.conformance.ts';
import type { Snapshotter } from '../../engine/storage/snapshots/snapshotter.ts';

process.umask(0);
const directory = mkdtempSync(path.join(tmpdir(), 'beluga-snapshotters-'));
const mounter = createMounter({ runRoot: path.join(directory, 'run') });
after(async () => {
  await mounter.unmount(directory);
  rmSync(directory, { recursive: true });
});
let subjects = 0;

type Open = (options: SnapshotterOptions) => Promise<Snapshotter>;

const subjectOf = (open: Open) => async (): Promise<SnapshotterUnderTest> => {
  const scratch = path.join(directory, String(++subjects));
  const merged = path.join(scratch, 'merged');
  mkdirSync(merged, { recursive: true });
  const root = path.join(scratch, 'snapshots');
  const records = openRecords(path.join(scratch, 'records.db'));
  const unpacker = createLayerUnpacker({ limits: defaultLayerLimits });
  const reopen = () => open({ root, records, unpacker });
  return {
    snapshots: await reopen(),
    unpacker,
    scratch,
    async mounted(mounts, use) {
      await mounter.mount(mounts, merged);
      try {
        return use(merged);
      } finally {
        await mounter.unmount(merged);
      }
    },
    reopen,
    directories: () => ['l', 'w', 'r'].flatMap((kind) => readdirSync(path.join(root, kind))),
    async close() {
      await unpacker.close();
      records.close();
    },
  };
};

snapshotterConformance('overlay', subjectOf(openOverlaySnapshotter));
snapshotterConformance('fuse-overlayfs', subjectOf(openFuseOverlayfsSnapshotter));
snapshotterConformance('plain copy', subjectOf(openPlainCopySnapshotter));

const owner = { uid: 400_000, gid: 500_000 };

/** A snapshotter with one layer and a container's on it, its root mounted once more with mapped owners. */
async function withMappedOwners(
  open: Open,
  use: (parts: { snapshots: Snapshotter; root: string; through: string; scratch: string }) => Promise<void>,
) {
  const scratch = path.join(directory, String(++subjects));
  const [root, through] = ['snapshots', 'through'].map((name) => path.join(scratch, name)) as [string, string];
  for (const each of [root, through, path.join(scratch, 'a'), path.join(scratch, 'b')])
    mkdirSync(each, { recursive: true });
  const records = openRecords(path.join(scratch, 'records.db'));
  const unpacker = createLayerUnpacker({ limits: defaultLayerLimits });
  const ids = (first: number) => [
    { inside: 0, outside: first, length: 65_536 },
    { inside: 4_294_900_000, outside: 0, length: 1 },
  ];
  const idMapped = await openUserNamespace({ uids: ids(owner.uid), gids: ids(owner.gid) });
  try {
    const snapshots = await open({ root, records, unpacker });
    await snapshots.prepare('unpack');
    await snapshots.commit('layer', 'unpack', { bytes: 0, inodes: 0 });
    await snapshots.prepare('container', 'layer');
    await mounter.mount([{ type: 'bind', source: root, options: ['bind'], idMapped }], through);
    await use({ snapshots, root, through, scratch });
  } finally {
    closeSync(idMapped);
    await mounter.unmount(scratch);
    await unpacker.close();
    records.close();
  }
}

for (const open of [openOverlaySnapshotter, openPlainCopySnapshotter]) {
  test(`${open.name}: layers seen with mapped owners, on the disk they keep theirs`, async () => {
    await withMappedOwners(open, async ({ snapshots, root, through, scratch }) => {
      await tryIdMapped({ root, through, snapshotter: snapshots.name, owner, mounter });
      const [a, b] = ['a', 'b'].map((name) => path.join(scratch, name)) as [string, string];
      await mounter.mount(await snapshots.mounts('container', { through }), a);
      writeFileSync(path.join(a, 'new'), '');
      chownSync(path.join(a, 'new'), owner.uid + 7, owner.gid + 8);
      assert.deepEqual([statSync(a).uid, statSync(a).gid], [owner.uid, owner.gid]);
      const { directory: own } = await snapshots.target('container');
      assert.deepEqual([statSync(path.join(own, 'new')).uid, statSync(path.join(own, 'new')).gid], [7, 8]);
      if (snapshots.name !== 'overlay') return;
      // the same directory, though its name is another
      await assert.rejects(async () => mounter.mount(await snapshots.mounts('container'), b), /is still mounted at/);
    });
  });
}

test('fuse-overlayfs refuses layers with mapped owners', async () => {
  await withMappedOwners(openFuseOverlayfsSnapshotter, async ({ root, through, snapshots }) => {
    const trial = tryIdMapped({ root, through, snapshotter: snapshots.name, owner, mounter });
    await assert.rejects(trial, /fuse-overlayfs does not know/);
  });
});

/** Chooses in a fresh data root below `base`, twice: the second start has to come to the same. */
async function choose(base: string, between?: () => void) {
  const root = path.join(base, `root-${++subjects}`);
  mkdirSync(root);
  const records = openRecords(path.join(directory, `choose-${subjects}.db`));
  const unpacker = createLayerUnpacker({ limits: defaultLayerLimits });
  const options = { root, records, unpacker, mounter };
  try {
    const first = await chooseSnapshotter(options);
    between?.();
    return { first, second: await chooseSnapshotter(options), left: readdirSync(root).sort() };
  } finally {
    await unpacker.close();
    records.close();
  }
}

test('a data root on an ordinary disk gets overlay, and the probe leaves nothing', async () => {
  const { first, second, left } = await choose(directory);
  assert.equal(first.snapshotter.name, 'overlay');
  assert.deepEqual(first.refused, []);
  assert.equal(second.snapshotter.name, 'overlay');
  assert.deepEqual(left, ['l', 'r', 'w']);
  assert.deepEqual(mounter.list(directory), []);
});

test('a data root on overlayfs gets plain copies, and what was refused is told', async () => {
  const parts = ['lower', 'upper', 'work', 'merged'].map((name) => path.join(directory, 'below', name));
  for (const part of parts) mkdirSync(part, { recursive: true });
  const [lower, upper, work, merged = ''] = parts;
  const options = [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${work}`];
  await mounter.mount([{ type: 'overlay', source: 'overlay', options }], merged);
  try {
    const { first, second } = await choose(merged);
    assert.equal(first.snapshotter.name, 'vfs');
    assert.deepEqual(
      first.refused.map(({ name }) => name),
      ['overlay', 'fuse-overlayfs'],
    );
    assert.match(first.refused[0]?.detail ?? '', /overlayfs/);
    assert.equal(first.problem, undefined);
    assert.equal(second.snapshotter.name, 'vfs');
    assert.deepEqual(second.refused, []);
  } finally {
    await mounter.unmount(merged);
  }
});

test('a data root keeps its snapshotter, and says so when it does not work any more', async () => {
  const root = path.join(directory, `root-${++subjects}`);
  const records = openRecords(path.join(directory, 'fixed.db'));
  const unpacker = createLayerUnpacker({ limits: defaultLayerLimits });
  const refusing = { mount: () => Promise.reject(new Error('no such device')), unmount: async () => {} };
  try {
    const nothing = await chooseSnapshotter({ root, records, unpacker, mounter: refusing });
    assert.equal(nothing.problem?.reason, 'host.no-overlay');
    assert.equal((await chooseSnapshotter({ root, records, unpacker, mounter })).snapshotter.name, 'overlay');
    const later = await chooseSnapshotter({ root, records, unpacker, mounter: refusing });
    assert.equal(later.problem?.reason, 'data-root.no-snapshotter');
    assert.match(later.problem?.message ?? '', /overlay.*no such device/);
    assert.equal(later.snapshotter.name, 'overlay');
  } finally {
    await unpacker.close();
    records.close();
  }
});
