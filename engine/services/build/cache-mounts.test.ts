import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { openRecords } from '../../storage/records/records.ts';
import { type CacheMount, createCacheMounts } from './cache-mounts.ts';
import { openKeptFolders } from './kept-folders.ts';

const dataRoot = mkdtempSync(path.join(tmpdir(), 'beluga-caches-'));
const records = openRecords(path.join(dataRoot, 'records.db'));
after(() => {
  records.close();
  rmSync(dataRoot, { recursive: true });
});
const caches = createCacheMounts({ dataRoot, kept: openKeptFolders(records) });
const mount = (id: string, sharing: CacheMount['sharing']): CacheMount => ({
  ...{ type: 'cache', target: '/c', id, sharing, readOnly: false, mode: 0o700 },
  ...{ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
});
const open = (mounts: readonly CacheMount[], signal = new AbortController().signal) =>
  caches.open(mounts, signal, () => {});
const placesOf = ({ sources }: Awaited<ReturnType<typeof open>>) => [...sources.values()];

test('locked: one step after the other, in one order of ids, and who waits can leave', async () => {
  const first = await open([mount('b', 'locked'), mount('a', 'locked'), mount('a', 'locked')]);
  const leaving = new AbortController();
  const left = open([mount('a', 'locked')], leaving.signal);
  const order: string[] = [];
  const second = open([mount('a', 'locked'), mount('b', 'locked')]).then((opened) => {
    order.push('second');
    return opened;
  });
  leaving.abort(new Error('left'));
  await assert.rejects(left, /left/);
  const shared = await open([mount('a', 'shared')]);
  assert.deepEqual(placesOf(shared), placesOf(first).slice(1, 2), 'nobody waits who shares');
  order.push('closed');
  first.close();
  (await second).close();
  assert.deepEqual(order, ['closed', 'second']);
});

test('private: each at once has a folder of its own, and the next one takes it again', async () => {
  const one = await open([mount('p', 'private')]);
  const two = await open([mount('p', 'private')]);
  assert.notDeepEqual(placesOf(one), placesOf(two));
  one.close();
  assert.deepEqual(placesOf(await open([mount('p', 'private')])), placesOf(one));
  two.close();
});
