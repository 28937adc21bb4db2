import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container } from '../../../electron/bridge/host.ts';
import { listContainers } from './container-list.ts';

const base = {
  image: 'sample:1',
  imageId: 'sha256:00',
  command: 'sleep 1d',
  ports: [],
  createdAt: '2026-01-01T00:00:00Z',
  labels: {},
} as const;
const all: Container[] = [
  { ...base, id: 'a1', name: 'web10', state: 'running', startedAt: '2026-01-02T00:00:00Z' },
  { ...base, id: 'b2', name: 'web2', state: 'exited', exitCode: 0, finishedAt: '2026-01-03T00:00:00Z' },
  { ...base, id: 'c3', name: 'db', image: 'store:2', state: 'paused', startedAt: '2026-01-02T00:00:00Z' },
];
const order = { by: 'name', down: false } as const;

test('names are sorted as people count', () => {
  assert.deepEqual(listContainers(all, { filter: 'all', search: '', order }).ids, ['c3', 'b2', 'a1']);
  assert.deepEqual(listContainers(all, { filter: 'all', search: '', order: { by: 'name', down: true } }).ids, [
    'a1',
    'b2',
    'c3',
  ]);
});

test('what is paused counts as running, every filter tells its count', () => {
  const list = listContainers(all, { filter: 'running', search: '', order: { by: 'state', down: false } });
  assert.deepEqual(list.ids, ['a1', 'c3']);
  assert.deepEqual(list.counts, { all: 3, running: 2, stopped: 1 });
});

test('every word of the search must be found, in name, image, id or command', () => {
  assert.deepEqual(listContainers(all, { filter: 'all', search: 'STORE db', order }).ids, ['c3']);
  const hidden = listContainers(all, { filter: 'running', search: 'web2', order });
  assert.deepEqual([hidden.ids, hidden.found], [[], 1]);
});
