import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest } from '../../base/digest.ts';
import { type RemoteStep, readCacheDocument, writeCacheDocument } from './cache-document.ts';

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const layer = (letter: string, created?: string) => ({
  ...{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digest(letter), size: 7, diffId: digest(letter) },
  ...(created !== undefined && { created }),
});

test('what was written is read, each layer once', () => {
  const [base, one, two] = [layer('a'), layer('b', '2026-01-01T00:00:00Z'), layer('c')];
  const steps = new Map<string, RemoteStep>([
    ['1'.repeat(64), { words: 'RUN one', layers: [base, one] }],
    ['2'.repeat(64), { words: 'RUN two', layers: [base, one, two], parent: '1'.repeat(64) }],
  ]);
  const { text, layers } = writeCacheDocument(steps);
  assert.deepEqual(layers, [base, one, two]);
  assert.equal(JSON.parse(text).layers.length, 3);
  assert.deepEqual(readCacheDocument(text), steps);
});

test('of another builder nothing is taken; what is none is refused', () => {
  const theirs = { layers: [{ blob: digest('a'), parent: -1, annotations: { diffID: digest('b'), size: 1 } }] };
  assert.equal(readCacheDocument(JSON.stringify({ ...theirs, records: [{ digest: digest('1') }] })).size, 0);
  const bare = { layers: [{ blob: digest('a') }], records: [{ digest: digest('1'), layers: null }] };
  assert.equal(readCacheDocument(JSON.stringify(bare)).size, 0);
  assert.equal(readCacheDocument('{}').size, 0);
  const records = [{ digest: digest('1'), layers: [{ layer: 0 }], beluga: { words: 'RUN x' } }];
  for (const text of ['', '[', JSON.stringify({ layers: [{ blob: 'x', annotations: {} }], records })])
    assert.throws(() => readCacheDocument(text), /it is no build cache/);
  const circle = { layers: [{ blob: digest('a'), parent: 0, annotations: { diffID: digest('b'), size: 1 } }] };
  assert.throws(() => readCacheDocument(JSON.stringify({ ...circle, records })), /it is no build cache/);
});
