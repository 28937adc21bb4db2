import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createExitWaits } from './exit-waits.ts';

test('an exit wakes who waits for it, a removal everybody', async () => {
  const waits = createExitWaits();
  const exit = waits.wait('a', 'next-exit');
  const removal = waits.wait('a', 'removed');
  const other = waits.wait('b', 'next-exit');
  waits.exited('a', { exitCode: 3 });
  assert.deepEqual(await exit.next(), { done: false, value: { exitCode: 3 } });
  assert.equal((await exit.next()).done, true);
  const again = waits.wait('a', 'next-exit');
  waits.removed('a', { exitCode: 4 });
  assert.equal((await removal.next()).value?.exitCode, 4);
  assert.equal((await again.next()).value?.exitCode, 4);
  const pending = other.next();
  waits.close(new Error('going'));
  await assert.rejects(pending, /going/);
});
