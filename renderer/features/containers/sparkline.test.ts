import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sparkPath } from './spark-path.ts';

const span = 60_000;

test('the last point is at the right edge, others as far left as they are old, the foot is 0', () => {
  const points = [
    [0, 0],
    [30_000, 100],
    [60_000, 0],
  ] as const;
  assert.equal(sparkPath({ points, span, least: 10 }), 'M0.0 16.0L28.0 2.1L56.0 16.0');
});

test('small values stay low, and unknown ones are left out', () => {
  const points = [
    [59_000, undefined],
    [59_500, 1],
    [60_000, 1],
  ] as const;
  assert.equal(sparkPath({ points, span, least: 10 }), 'M55.5 14.6L56.0 14.6');
});

test('one value is no line', () => {
  assert.equal(sparkPath({ points: [[1, 1]], span, least: 10 }), '');
  assert.equal(sparkPath({ points: [], span, least: 10 }), '');
});
