import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Image } from '../../../electron/bridge/host.ts';
import { type ImageQuery, type ImageRow, listImages } from './image-list.ts';

const image = (id: string, part: Partial<Image>): Image => ({
  id: `sha256:${id}`,
  references: [],
  digests: [],
  unverified: [],
  size: 10,
  createdAt: '2026-01-01T00:00:00Z',
  containers: 0,
  ...part,
});
const images = [
  image('aa', { references: ['a:1', 'b:2'], containers: 1 }),
  image('bb', { size: 30, createdAt: '2026-01-02T00:00:00Z' }),
  image('cc', { references: ['a:2'], size: 20, digests: ['a@sha256:dd'] }),
];
const query = (part: Partial<ImageQuery> = {}): ImageQuery => ({
  filter: 'all',
  search: '',
  order: { by: 'name', down: false },
  folded: new Set(),
  ...part,
});
const show = (row: ImageRow) =>
  'group' in row
    ? `${row.group.repository} ${row.group.count} ${row.group.size}`
    : `${row.grouped ? '- ' : ''}${row.line.reference ?? row.line.image.id}`;
const shown = (part: Partial<ImageQuery> = {}) => listImages(images, query(part)).rows.map(show);

test('tags of one repository stand under its name; a repository with one tag is one line', () => {
  assert.deepEqual(shown(), ['a 2 30', '- a:1', '- a:2', 'b:2', 'sha256:bb']);
  const { counts, size } = listImages(images, query());
  assert.deepEqual(counts, { all: 4, used: 2, unused: 2 });
  assert.equal(size, 60);
});

test('folded tags are hidden, but not from a search', () => {
  const folded = new Set(['a']);
  assert.deepEqual(shown({ folded }), ['a 2 30', 'b:2', 'sha256:bb']);
  assert.deepEqual(shown({ folded, search: 'a:' }), ['a 2 30', '- a:1', '- a:2']);
});

test('the search reads names, ids and digests; the largest or newest comes first, with its repository', () => {
  const order = { by: 'size', down: false } as const;
  assert.deepEqual(shown({ order }), ['sha256:bb', 'a 2 30', '- a:2', '- a:1', 'b:2']);
  assert.deepEqual(shown({ search: 'sha256:dd' }), ['a:2']);
  assert.deepEqual(shown({ filter: 'used', search: 'bb' }), []);
  assert.equal(listImages(images, query({ filter: 'used', search: 'bb' })).found, 1);
});
