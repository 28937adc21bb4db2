import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createKeyedLock } from './keyed-lock.ts';

test('one key runs in order, another beside it, a failure does not block', async () => {
  const lock = createKeyedLock();
  const log: string[] = [];
  const work =
    (name: string, fail = false) =>
    async () => {
      log.push(`${name}+`);
      await setImmediate();
      log.push(`${name}-`);
      if (fail) throw new Error(name);
    };
  const first = lock.run('a', work('a1', true));
  const second = lock.run('a', work('a2'));
  const other = lock.run('b', work('b1'));
  await assert.rejects(first, /a1/);
  await Promise.all([second, other]);
  assert.ok(log.indexOf('a1-') < log.indexOf('a2+'));
  assert.ok(log.indexOf('b1+') < log.indexOf('a1-'));
});
