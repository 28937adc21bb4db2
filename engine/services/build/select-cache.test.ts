import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CacheFilter, CacheRecord } from './build-service.ts';
import { selectToPrune } from './select-cache.ts';

const record = (id: string, day: number, rest: Partial<CacheRecord> = {}): CacheRecord => ({
  ...{ id, type: 'regular', description: `RUN ${id}`, size: 100, uses: 1, inUse: false, shared: false },
  ...{ created: new Date(0), lastUsed: new Date(day * 86_400_000) },
  ...rest,
});
const records = [
  record('new', 9),
  record('old', 1),
  record('middle', 5, { type: 'exec.cachemount', parent: 'old' }),
  record('image', 2, { shared: true }),
  record('busy', 0, { inUse: true }),
];
const pruned = (filter: CacheFilter, free = 1000) => selectToPrune(records, filter, { free }).map(({ id }) => id);

test('what a prune takes: by its filters, never what is used, what images have only when all is asked for', () => {
  const cases: readonly (readonly [filter: CacheFilter, ids: readonly string[]])[] = [
    [{}, ['old', 'middle', 'new']],
    [{ all: true }, ['old', 'image', 'middle', 'new']],
    [{ unusedSince: new Date(5 * 86_400_000) }, ['old']],
    [{ ids: ['mid'] }, ['middle']],
    [{ ids: ['busy'] }, []],
    [{ ids: [''] }, []],
    [{ parents: ['old'] }, ['middle']],
    [{ types: ['exec.cachemount'] }, ['middle']],
    [{ descriptions: ['RUN new'] }, ['new']],
    [{ shared: true }, ['image']],
    [{ shared: false, all: true }, ['old', 'middle', 'new']],
    [{ inUse: true }, []],
  ];
  for (const [filter, ids] of cases) assert.deepEqual(pruned(filter), ids, JSON.stringify(filter));
});

test('limits: the longest unused go until it fits, and what is reserved stays', () => {
  // 400 bytes of its own: what an image has counts with the image
  assert.deepEqual(pruned({ reservedBytes: 300 }), ['old']);
  assert.deepEqual(pruned({ maximumBytes: 200 }), ['old', 'middle']);
  assert.deepEqual(pruned({ maximumBytes: 200, reservedBytes: 300 }), ['old']);
  assert.deepEqual(pruned({ minimumFreeBytes: 1100 }, 1000), ['old']);
  assert.deepEqual(pruned({ minimumFreeBytes: 900, maximumBytes: 1000 }), []);
  assert.deepEqual(pruned({ maximumBytes: 100, unusedSince: new Date(2 * 86_400_000) }), ['old']);
  assert.deepEqual(pruned({ maximumBytes: 500 }), []);
});
