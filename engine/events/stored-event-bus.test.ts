import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRecords } from '../storage/records/records.ts';
import type { EngineEvent } from './event-bus.ts';
import { createStoredEventBus } from './stored-event-bus.ts';

function open(options: { keep?: number; page?: number } = {}) {
  const records = openRecords(':memory:');
  const bus = createStoredEventBus({ records, ...options });
  const tell = (...actions: string[]) => {
    for (const action of actions)
      bus.record({ type: 'container', action, actor: { id: 'c1', attributes: { name: 'x' } } });
  };
  return { records, bus, tell };
}

async function take(channel: AsyncIterator<EngineEvent>, count: number): Promise<string[]> {
  const actions: string[] = [];
  while (actions.length < count) {
    const { value, done } = await channel.next();
    if (done) break;
    actions.push(value.action);
  }
  return actions;
}

test('a reader hears of a change after its commit, and never of one undone', async () => {
  const { records, bus, tell } = open();
  const channel = bus.watch();
  assert.throws(() =>
    records.transaction(() => {
      tell('undone');
      throw new Error('no');
    }),
  );
  records.transaction(() => {
    tell('create');
    tell('start');
  });
  const first = (await channel.next()).value as EngineEvent;
  assert.deepEqual(
    [first.action, first.type, first.actor],
    ['create', 'container', { id: 'c1', attributes: { name: 'x' } }],
  );
  assert.deepEqual(await take(channel, 1), ['start']);
});

test('replay goes over into live without a gap or a double, page after page', async () => {
  const { bus, tell } = open({ page: 3 });
  tell('a', 'b', 'c', 'd', 'e', 'f');
  const channel = bus.watch({ since: 0n });
  tell('g');
  assert.deepEqual(await take(channel, 4), ['a', 'b', 'c', 'd']);
  tell('h', 'i');
  assert.deepEqual(await take(channel, 5), ['e', 'f', 'g', 'h', 'i']);
  tell('j');
  assert.deepEqual(await take(channel, 1), ['j']);
});

test('a slow reader is sent back to the rows and misses nothing', async () => {
  const { bus, tell } = open({ page: 2 });
  const channel = bus.watch();
  tell('a', 'b', 'c', 'd', 'e');
  assert.deepEqual(await take(channel, 5), ['a', 'b', 'c', 'd', 'e']);
  tell('f');
  assert.deepEqual(await take(channel, 1), ['f']);
});

test('since is inclusive and until in the past ends after the replay', async () => {
  const { bus, tell } = open();
  tell('a', 'b', 'c');
  const all = bus.watch({ since: 0n, until: BigInt(Date.now()) * 1_000_000n });
  const events: EngineEvent[] = [];
  for await (const event of all) events.push(event);
  assert.ok(events.length >= 1, 'events of this millisecond may lie behind it, the first does not');
  const replay = bus.watch({ since: 0n });
  await replay.next();
  const second = (await replay.next()).value as EngineEvent;
  await replay.return();
  const from = bus.watch({ since: second.timeNano });
  assert.deepEqual(await take(from, 2), ['b', 'c']);
});

test('old rows are dropped, the sequence goes on', async () => {
  const { bus, tell, records } = open({ keep: 10, page: 5 });
  for (let i = 1; i <= 30; i++) tell(String(i));
  assert.deepEqual(await take(bus.watch({ since: 0n }), 10), [
    '21',
    '22',
    '23',
    '24',
    '25',
    '26',
    '27',
    '28',
    '29',
    '30',
  ]);
  assert.equal(records.database.prepare('SELECT count(*) AS n FROM events').get()?.n, 10);
});

test('a reader that leaves while it waits is woken', async () => {
  const channel = open().bus.watch();
  const waiting = channel.next();
  await channel.return();
  assert.equal((await waiting).done, true);
});

test('a clock that is set back: events carry its time, and replays know what came since', async (context) => {
  context.mock.timers.enable({ apis: ['Date'], now: 10_000_000 });
  const { bus, tell } = open({ page: 2 });
  const times: bigint[] = [];
  const watch = bus.watch();
  tell('a', 'b', 'c');
  context.mock.timers.setTime(10_000_000 - 3_600_000);
  tell('d', 'e');
  for (let count = 0; count < 5; count++) times.push(((await watch.next()).value as EngineEvent).timeNano / 1_000_000n);
  assert.deepEqual(times, [10_000_000n, 10_000_000n, 10_000_000n, 6_400_000n, 6_400_000n]);
  const now = 6_400_000_000_000n;
  assert.deepEqual(await take(bus.watch({ since: now + 1n }), 1), ['e']);
  assert.deepEqual(await take(bus.watch({ since: 0n, until: now + 1n }), 9), ['d', 'e']);
});
