import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageDetails } from '../../testing/door-services.ts';
import { filterImages } from './image-filter.ts';
import type { Filters } from './query.ts';

const old = imageDetails({
  id: `sha256:${'a'.repeat(64)}`,
  repoTags: ['example.com:5000/a/b:1.0'],
  created: '2020-01-01T00:00:00Z',
});
const busybox = imageDetails();
const nameless = imageDetails({
  id: `sha256:${'b'.repeat(64)}`,
  repoTags: [],
  created: '2026-02-01T00:00:00Z',
  config: { ...busybox.config, labels: { a: 'b', c: '' } },
});
const names = new Map([old, busybox, nameless].map(({ id }, index) => [id, ['old', 'busybox', 'nameless'][index]]));

async function filter(filters: Filters) {
  const found = await filterImages([old, busybox, nameless], filters, async () => busybox);
  return found.map(({ id }) => names.get(id));
}

test('filters of image lists', async () => {
  assert.deepEqual(await filter({}), ['old', 'busybox', 'nameless']);
  assert.deepEqual(await filter({ dangling: ['true'] }), ['nameless']);
  assert.deepEqual(await filter({ dangling: ['0'] }), ['old', 'busybox']);
  assert.deepEqual(await filter({ label: ['a=b', 'c'] }), ['nameless']);
  assert.deepEqual(await filter({ label: ['a=x'] }), []);
  assert.deepEqual(await filter({ before: ['busybox'] }), ['old']);
  assert.deepEqual(await filter({ since: ['busybox'] }), ['nameless']);
  assert.deepEqual(await filter({ until: ['2026-01-15T00:00:00Z'] }), ['old', 'busybox']);
  assert.deepEqual(await filter({ before: ['busybox', 'nameless'], until: ['2020-01-01T00:00:01Z'] }), ['old']);
  await assert.rejects(filter({ dangling: ['perhaps'] }), { code: 'invalid' });
});

test('references match whole names and names without tag, a star within one part', async () => {
  const cases: [string, string[]][] = [
    ['busybox', ['busybox']],
    ['busybox:latest', ['busybox']],
    ['busy*', ['busybox']],
    ['busybox:1', []],
    ['*', ['busybox']],
    ['example.com:5000/a/b', ['old']],
    ['example.com:5000/*/b:1.?', ['old']],
    ['*/*/*:[0-9].0', ['old']],
    ['b', []],
  ];
  for (const [pattern, found] of cases) assert.deepEqual(await filter({ reference: [pattern] }), found, pattern);
});

test('of an image with several names those that match are shown; digests alone are as good as nameless', async () => {
  const many = imageDetails({ repoTags: ['one:1', 'one:2', 'two:1'], repoDigests: ['one@sha256:ab'] });
  const pulled = imageDetails({ repoTags: [], repoDigests: ['three@sha256:cd'] });
  const shown = async (filters: Filters) =>
    (await filterImages([many, pulled], filters, async () => many)).map(({ repoTags, repoDigests }) => [
      ...repoTags,
      ...repoDigests,
    ]);
  assert.deepEqual(await shown({ reference: ['one'] }), [['one:1', 'one:2', 'one@sha256:ab']]);
  assert.deepEqual(await shown({ reference: ['two', 'one:2'] }), [['one:2', 'two:1']]);
  assert.deepEqual(await shown({ dangling: ['true'] }), [['three@sha256:cd']]);
  assert.equal((await shown({ dangling: ['false'] })).length, 2);
});
