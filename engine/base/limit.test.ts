import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimit } from './limit.ts';

test('so many at once, in the order they came; what is set later counts from then on', async () => {
  let most = 2;
  const limit = createLimit(() => most);
  const { signal } = new AbortController();
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = [0, 1, 2, 3, 4, 5].map((number) =>
    limit.run(() => {
      begun.push(number);
      return new Promise<void>((resolve) => {
        ends[number] = resolve;
      });
    }, signal),
  );
  const after = async (number: number) => {
    ends[number]?.();
    await all[number];
    return begun.length;
  };
  await Promise.resolve();
  assert.deepEqual(begun, [0, 1]);
  most = 3;
  assert.equal(await after(0), 4);
  most = 1;
  assert.equal(await after(1), 4);
  assert.equal(await after(2), 4);
  assert.equal(await after(3), 5);
  await after(4);
  await after(5);
  assert.deepEqual(begun, [0, 1, 2, 3, 4, 5]);
});

test('who waits can leave; one that fails makes room', async () => {
  const limit = createLimit(() => 1);
  const leaving = new AbortController();
  const { signal } = new AbortController();
  const first = limit.run(() => Promise.reject(new Error('failed')), signal);
  const second = limit.run(async () => 'second', leaving.signal);
  const third = limit.run(async () => 'third', signal);
  leaving.abort(new Error('left'));
  await assert.rejects(first, /failed/);
  await assert.rejects(second, /left/);
  assert.equal(await third, 'third');
});
