import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisEnd, columnsOf, nearest, peakOf } from './chart-data.ts';

const sample = (time: number, cpu?: number) => ({
  time,
  cores: 1,
  memory: 1,
  pids: 1,
  ...(cpu === undefined ? {} : { cpu }),
});

test('a pause between samples is a gap, and so is a value that is not there', () => {
  const samples = [sample(1000, 9), sample(2000), sample(3000, 5), sample(13_000, 7)];
  const columns = columnsOf(samples, 2000, [({ cpu }) => cpu]);
  assert.deepEqual(columns, [
    [2, 3, 8, 13],
    [null, 5, null, 7],
  ]);
  assert.equal(peakOf(columns), 7);
});

test('the end of an axis is round, and reaches the peak and the least', () => {
  assert.deepEqual(
    [axisEnd(0, 10), axisEnd(11, 10), axisEnd(54, 10), axisEnd(67_108_864, 1), axisEnd(512, 1), axisEnd(100, 1)],
    [10, 20, 60, 100_000_000, 600, 100],
  );
});

test('the crosshair finds the nearest sample, and none in a gap', () => {
  const samples = [sample(1000), sample(2000), sample(20_000)];
  assert.equal(nearest(samples, 1600)?.time, 2000);
  assert.equal(nearest(samples, 11_000), undefined);
});
