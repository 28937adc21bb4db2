import assert from 'node:assert/strict';
import { test } from 'node:test';
import { datedHistory } from './dated-history.ts';
import type { BuiltLayer } from './node.ts';

const layer = (created?: string): BuiltLayer => ({
  ...{ mediaType: 'm', digest: 'sha256:a', diffId: 'sha256:b', size: 1 },
  ...(created && { created }),
});
const datesOf = (history: Parameters<typeof datedHistory>[0], layers: readonly BuiltLayer[]) => {
  const { history: dated, created } = datedHistory(history, layers);
  return { dates: dated.map((entry) => entry.created), created };
};

test('dates come from the layers, and without new ones an image is as old as its base', () => {
  const base = { created: '2020', created_by: 'base' };
  const word = { created_by: 'ENV', empty_layer: true };
  const step = { created_by: 'RUN' };
  assert.deepEqual(datesOf([base, word, step, word], [layer(), layer('2025')]), {
    dates: ['2020', '2025', '2025', '2025'],
    created: '2025',
  });
  assert.deepEqual(datesOf([base, word], [layer()]), { dates: ['2020', '2020'], created: '2020' });
  assert.deepEqual(datesOf([word], []), { dates: [undefined], created: undefined });
  assert.deepEqual(datesOf([step, word, step], [layer('2024'), layer('2025')]).dates, ['2024', '2024', '2025']);
  // the base does not tell of its layers
  assert.deepEqual(datesOf([step], [layer(), layer(), layer('2025')]), { dates: ['2025'], created: '2025' });
});
