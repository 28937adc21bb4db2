import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Image } from '../bridge/host.ts';
import { filtersOf, previewFromList } from './prune-images.ts';

const image = (id: string, part: Partial<Image> = {}): Image => ({
  id,
  references: [],
  digests: [],
  unverified: [],
  size: 10,
  createdAt: '2026-01-01T00:00:00Z',
  containers: 0,
  ...part,
});
const images = [
  image('none'),
  image('named', { references: ['a:1'], shared: 4 }),
  image('used', { references: ['b:1'], containers: 1 }),
  image('new', { references: ['c:1'], createdAt: '2026-01-09T12:00:00Z' }),
];
const now = Date.parse('2026-01-10T00:00:00Z');
const going = (arg: Parameters<typeof previewFromList>[1]) =>
  previewFromList(images, arg, now).images.map(({ id }) => id);

test('what a prune would remove, from the list alone', () => {
  assert.deepEqual(going({ what: 'unnamed' }), ['none']);
  assert.deepEqual(going({ what: 'unused' }), ['none', 'named', 'new']);
  assert.deepEqual(going({ what: 'unused', olderThanHours: 24 }), ['none', 'named']);
  assert.equal(previewFromList(images, { what: 'unused', olderThanHours: 24 }, now).freed, 16);
});

test('the same as filters of the API', () => {
  assert.deepEqual(filtersOf({ what: 'unused', olderThanHours: 168 }), { dangling: false, until: '168h' });
  assert.deepEqual(filtersOf({ what: 'unnamed' }), { dangling: true });
});
