import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { openLateSync } from './late-sync.ts';
import { openRecords } from './records/records.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'beluga-late-'));
after(() => rmSync(folder, { recursive: true }));

/** An engine's life on one data root in one boot. */
function live(boot: string, name = 'a.db') {
  const records = openRecords(path.join(folder, name));
  const seen = { syncs: 0, lost: 0, hold: undefined as Promise<void> | undefined };
  const late = openLateSync({
    ...{ records, boot },
    async sync() {
      seen.syncs++;
      await seen.hold;
    },
    lost: () => seen.lost++,
  });
  return { late, seen, close: () => records.close() };
}

test('what was flushed is not lost with the machine; nothing is waited for twice', async () => {
  const first = live('one');
  await first.late.flush();
  assert.equal(first.seen.syncs, 0);
  await first.late.write(async () => {});
  await first.late.write(async () => {});
  await first.late.flush();
  await first.late.flush();
  assert.equal(first.seen.syncs, 1);
  first.close();
  const second = live('two');
  assert.equal(second.seen.lost, 0);
  second.close();
});

test('what was begun is lost with the machine, once, and not with the engine', async () => {
  const first = live('one', 'b.db');
  await first.late.write(async () => {});
  first.close();
  const killed = live('one', 'b.db');
  assert.equal(killed.seen.lost, 0);
  killed.close();
  const booted = live('two', 'b.db');
  assert.equal(booted.seen.lost, 1);
  booted.close();
  const again = live('three', 'b.db');
  assert.equal(again.seen.lost, 0);
  again.close();
});

test('an engine after one that was killed flushes what that one began', async () => {
  const first = live('one', 'c.db');
  await first.late.write(async () => {});
  first.close();
  const second = live('one', 'c.db');
  await second.late.flush();
  assert.equal(second.seen.syncs, 1);
  second.close();
  const booted = live('two', 'c.db');
  assert.equal(booted.seen.lost, 0);
  booted.close();
});

test('what begins while others are flushed stays under way', async () => {
  const one = live('one', 'd.db');
  const hold = Promise.withResolvers<void>();
  one.seen.hold = hold.promise;
  await one.late.write(async () => {});
  const flushed = one.late.flush();
  await one.late.write(async () => {});
  hold.resolve();
  await flushed;
  one.close();
  const booted = live('two', 'd.db');
  assert.equal(booted.seen.lost, 1);
  booted.close();
});

test('what is still being written while others are flushed stays under way', async () => {
  const one = live('one', 'e.db');
  const writing = Promise.withResolvers<void>();
  const written = one.late.write(() => writing.promise);
  await one.late.write(async () => {});
  await one.late.flush();
  writing.resolve();
  await written;
  one.close();
  const booted = live('two', 'e.db');
  assert.equal(booted.seen.lost, 1);
  booted.close();
});

test('a work that fails is counted as one that may have written', async () => {
  const one = live('one', 'f.db');
  await assert.rejects(
    one.late.write(async () => {
      throw new Error('no');
    }),
    /no/,
  );
  await one.late.flush();
  assert.equal(one.seen.syncs, 1);
  one.close();
});
