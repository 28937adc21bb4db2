import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rulesFor } from './cache-rules.ts';

test("dockerd's rules by default, a size instead of shares, a policy instead of all, and none where it is off", () => {
  const disk = { total: 1000, free: 500 };
  const day = 86_400_000;
  const now = 100 * day;
  const shares = { reservedBytes: 100, maximumBytes: 800, minimumFreeBytes: 200 };
  const sources = { types: ['source.local', 'exec.cachemount', 'source.git.checkout'], maximumBytes: 512_000_000 };
  assert.deepEqual(rulesFor({ enabled: true }, disk, now), [
    { ...sources, unusedSince: new Date(98 * day) },
    { ...shares, unusedSince: new Date(40 * day) },
    shares,
    { all: true, ...shares },
  ]);
  assert.deepEqual(rulesFor({ enabled: true, reservedBytes: 5 }, disk, now)[2], { reservedBytes: 5 });
  const policy = [{ all: true, reservedBytes: 7, unusedFor: day }];
  assert.deepEqual(rulesFor({ enabled: true, policy }, disk, now), [
    { all: true, reservedBytes: 7, unusedSince: new Date(99 * day) },
  ]);
  assert.deepEqual(rulesFor({ enabled: false, policy }, disk, now), []);
});
