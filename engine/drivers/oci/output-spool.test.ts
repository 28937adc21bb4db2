import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createOutputSpool } from './output-spool.ts';

test('what waits on disk comes back in order, whole, and leaves no file', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'beluga-spool-'));
  const spool = createOutputSpool(directory);
  assert.equal(spool.take(), undefined);
  const chunk = (n: number) =>
    ({ stream: n % 3 ? 'stdout' : 'stderr', data: Buffer.alloc(100_000 + n, n % 256) }) as const;
  let [added, taken] = [0, 0];
  // never empty for long, so that holes are made while it is read
  for (let round = 0; round < 40; round += 1) {
    for (let n = 0; n < 5; n += 1) spool.add(chunk(added++));
    for (let n = 0; n < 4; n += 1) assert.deepEqual(spool.take(), chunk(taken++));
  }
  assert.deepEqual(readdirSync(directory), []);
  while (taken < added) assert.deepEqual(spool.take(), chunk(taken++));
  assert.deepEqual([spool.take(), spool.waiting], [undefined, 0]);
  spool.add(chunk(1));
  assert.deepEqual(spool.take(), chunk(1));
  spool.close();
  rmSync(directory, { recursive: true });
});
