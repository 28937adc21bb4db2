import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createChannel } from './channel.ts';

test('items come in order, then the end', async () => {
  const channel = createChannel<number>();
  channel.push(1);
  channel.push(2);
  channel.end();
  const seen: number[] = [];
  for await (const item of channel) seen.push(item);
  assert.deepEqual(seen, [1, 2]);
});

test('a waiting reader is woken by return and the source is closed once', async () => {
  let closes = 0;
  const channel = createChannel<number>({ onClose: () => closes++ });
  const waiting = channel.next();
  await channel.return();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  channel.push(3);
  channel.end();
  assert.equal(closes, 1);
});

test('a failure reaches the reader after the queued items', async () => {
  const channel = createChannel<number>();
  channel.push(1);
  channel.fail(new Error('gone'));
  assert.equal((await channel.next()).value, 1);
  await assert.rejects(channel.next(), /gone/);
  assert.equal((await channel.next()).done, true);
});
