import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentile, table, withSection } from './figures.ts';

test('percentiles lie between the values by proportion, in whatever order they come', () => {
  assert.equal(percentile([30, 10, 20], 0.5), 20);
  assert.equal(percentile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(percentile([1, 2, 3, 4, 5], 0.95), 4.8);
  assert.equal(percentile([7], 0.95), 7);
  assert.equal(percentile([3, 1, 2], 0), 1);
  assert.throws(() => percentile([], 0.5), /no values/);
});

test('a table has the ratio to the peer of the same row, and says what could not be measured', () => {
  const lines = table(
    [
      { what: 'none', engine: 'beluga', values: [100, 50, 75] },
      { what: 'none', engine: 'dockerd', values: [300] },
      { what: 'bridge', engine: 'beluga', values: [], note: 'no such network' },
      { what: 'bridge', engine: 'dockerd', values: [400] },
    ],
    'dockerd',
    'ms',
  ).split('\n');
  assert.equal(lines[2], '| none | beluga | 75.0 | 97.5 | 50.0 | 0.25 |  |');
  assert.equal(lines[3], '| none | dockerd | 300 | 300 | 300 | 1.00 |  |');
  assert.equal(lines[4], '| bridge | beluga | | | | | no such network |');
});

test('a section is replaced where it stands, and others stay', () => {
  const first = withSection(withSection('# Benchmarks\n\nText.\n', 'run', 'a'), 'idle', 'b');
  assert.equal(first, '# Benchmarks\n\nText.\n\n## run\n\na\n\n## idle\n\nb\n');
  assert.equal(
    withSection(first, 'run', '### x\n\nc'),
    '# Benchmarks\n\nText.\n\n## run\n\n### x\n\nc\n\n## idle\n\nb\n',
  );
});
