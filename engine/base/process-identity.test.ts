import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { identifyProcess, isAlive, signalIdentity, watchProcess } from './process-identity.ts';

test('a process is known by pid and start time, and its end is told', async () => {
  const child = spawn('sleep', ['1000']);
  const identity = identifyProcess(child.pid ?? 0);
  assert.ok(identity && isAlive(identity));
  const other = { ...identity, startTime: '1' };
  assert.equal(isAlive(other), false);
  assert.equal(signalIdentity(other, 9), false);
  const exit = once(child, 'exit');
  const watch = watchProcess(identity, { keepRunning: true });
  assert.equal(signalIdentity(identity, 9), true);
  await watch.ended;
  await exit;
  assert.equal(isAlive(identity), false);
  assert.equal(signalIdentity(identity, 9), false);
  await watchProcess(identity).ended;
});

test('a watch that is closed ends', async () => {
  const self = identifyProcess(process.pid);
  assert.ok(self);
  const watch = watchProcess(self);
  watch.close();
  await watch.ended;
});
