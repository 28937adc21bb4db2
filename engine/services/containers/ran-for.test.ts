import assert from 'node:assert/strict';
import { uptime } from 'node:os';
import { test } from 'node:test';
import { bootId } from '../../base/process-identity.ts';
import { ranFor } from './ran-for.ts';

const status = { pid: 1, exitCode: 0, error: '', oomKilled: false };
const hour = 3_600_000;
const ticksAgo = (milliseconds: number) => String(Math.round((uptime() * 1000 - milliseconds) / 10));
const near = (value: number, wanted: number) => assert.ok(Math.abs(value - wanted) < 5000, `${value}, not ${wanted}`);

test('it ran as long as its process is old, though the clock was set forward or back since its start', () => {
  const process = { pid: 1, startTime: ticksAgo(60_000) };
  const now = Date.now();
  for (const startedAt of [now - 60_000, now - hour, now + hour]) {
    const running = { ...status, startedAt, process, bootId: bootId() };
    near(ranFor(running, now), 60_000);
    near(ranFor(running, now - 20_000), 40_000);
  }
});

test('of another boot, or without a process, only the clock tells; never less than nothing', () => {
  const process = { pid: 1, startTime: '100' };
  const now = Date.now();
  assert.equal(ranFor({ ...status, startedAt: now - 3000, process, bootId: 'another' }, now), 3000);
  assert.equal(ranFor({ ...status, startedAt: now - 3000 }, now), 3000);
  assert.equal(ranFor({ ...status, startedAt: now + hour }, now), 0);
});
