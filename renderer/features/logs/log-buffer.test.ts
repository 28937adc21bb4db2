import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogBuffer, createLogSearch } from './log-buffer.ts';

const line = (text: string) => ({ time: '2026-01-01T00:00:00Z', stream: 'stdout' as const, text });

test('a full buffer lets its oldest lines go and tells how many', () => {
  const buffer = createLogBuffer(10);
  buffer.append(Array.from({ length: 11 }, (_, index) => line(String(index))));
  assert.equal(buffer.dropped, 2);
  assert.deepEqual([buffer.lines.length, buffer.lines[0]?.text, buffer.lines.at(-1)?.text], [9, '2', '10']);
});

test('a search goes on while the log grows, and begins anew when lines went or the words changed', () => {
  const buffer = createLogBuffer(4);
  const search = createLogSearch();
  buffer.append([line('One'), line('t\u001b[1mwo\u001b[0m'), line('one')]);
  assert.deepEqual(search.update(buffer, 'ONE'), [0, 2]);
  buffer.append([line('one')]);
  assert.deepEqual(search.update(buffer, 'one'), [0, 2, 3]);
  assert.deepEqual(search.update(buffer, 'two'), [1]);
  buffer.append([line('two')]);
  assert.deepEqual(search.update(buffer, 'two'), [2]);
  assert.deepEqual(search.update(buffer, ''), []);
});
