import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortId, sizeText, splitReference } from './figures.ts';

test('sizes have decimal units and at most three digits', () => {
  assert.deepEqual([0, 999, 1000, 1_230, 12_345, 123_456, 999_499, 999_500, 5_210_000_000].map(sizeText), [
    '0 B',
    '999 B',
    '1 kB',
    '1.23 kB',
    '12.3 kB',
    '123 kB',
    '999 kB',
    '1 MB',
    '5.21 GB',
  ]);
});

test('a reference is split before its tag or digest, never at a port', () => {
  assert.deepEqual(splitReference('nginx:1.29'), { name: 'nginx', tag: ':1.29' });
  assert.deepEqual(splitReference('localhost:5000/nginx'), { name: 'localhost:5000/nginx', tag: '' });
  assert.deepEqual(splitReference('localhost:5000/nginx:1'), { name: 'localhost:5000/nginx', tag: ':1' });
  assert.deepEqual(splitReference('nginx@sha256:ab'), { name: 'nginx', tag: '@sha256:ab' });
});

test('an id is shown by its first 12 digits', () => {
  assert.equal(shortId(`sha256:${'ab'.repeat(32)}`), 'abababababab');
});
