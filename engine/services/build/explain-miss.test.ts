import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainMiss } from './explain-miss.ts';
import type { StepMark } from './step-marks.ts';

const mark: StepMark = {
  ...{ words: 'COPY . /app', key: 'k1', sources: [], settings: 's' },
  input: { key: 'i1', base: { reference: 'node', id: 'sha256:one' } },
  variables: { VERSION: '1', API_TOKEN: 'ab12', GONE: 'x' },
  files: { 'src/a.ts': '1', 'src/b.ts': '1', old: '1' },
};
const reasonsOf = (change: Partial<StepMark>) =>
  explainMiss(mark, { ...mark, key: 'k2', ...change }, (key) => (key === 'i2' ? 3 : undefined))?.reasons;

test('each reason, what weighs most first', () => {
  assert.deepEqual(reasonsOf({ key: 'k1' }), [{ kind: 'removed' }]);
  assert.deepEqual(reasonsOf({ words: 'COPY x /app', files: {} }), [
    { kind: 'instruction', from: 'COPY . /app', to: 'COPY x /app' },
  ]);
  assert.deepEqual(reasonsOf({ files: { 'src/a.ts': '2', 'src/b.ts': '1', fresh: '1' } }), [
    { kind: 'file', change: 'added', path: 'fresh' },
    { kind: 'file', change: 'removed', path: 'old' },
    { kind: 'file', change: 'changed', path: 'src/a.ts' },
  ]);
  assert.deepEqual(reasonsOf({ variables: { VERSION: '2', API_TOKEN: 'cd34', NEW: '' } }), [
    { kind: 'argument', name: 'VERSION', hidden: false, from: '1', to: '2' },
    { kind: 'argument', name: 'API_TOKEN', hidden: true },
    { kind: 'argument', name: 'GONE', hidden: false, from: 'x' },
    { kind: 'argument', name: 'NEW', hidden: false, to: '' },
  ]);
  assert.deepEqual(reasonsOf({ input: { key: 'i3', base: { reference: 'node', id: 'sha256:two' } }, settings: 't' }), [
    { kind: 'base', reference: 'node', from: 'sha256:one', to: 'sha256:two' },
    { kind: 'settings' },
  ]);
  assert.deepEqual(reasonsOf({ input: { key: 'i2' } }), [{ kind: 'earlier', step: 3 }]);
  assert.equal(reasonsOf({}), undefined);
});

test('of many files the first are named and the others counted', () => {
  const files = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}`, '1']));
  const miss = explainMiss({ ...mark, files: {} }, { ...mark, key: 'k2', files }, () => undefined);
  assert.equal(miss?.reasons.length, 20);
  assert.equal(miss?.moreFiles, 30);
});
