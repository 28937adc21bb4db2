import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterCheck,
  checkHealthCheck,
  commandOfCheck,
  healthAfter,
  intervalOf,
  mergeHealthCheck,
} from './health-check.ts';
import type { Health } from './health-service.ts';

const second = 1e9;
const result = (exitCode: number) => ({ start: 10_000, end: 10_001, exitCode, output: '' });

test('the command: CMD, CMD-SHELL with a shell of its own, nothing for what Docker does not know', () => {
  assert.deepEqual(commandOfCheck({ test: ['CMD', 'a', 'b'] }), ['a', 'b']);
  assert.deepEqual(commandOfCheck({ test: ['CMD-SHELL', 'a b'] }), ['/bin/sh', '-c', 'a b']);
  assert.deepEqual(commandOfCheck({ test: ['CMD-SHELL', 'a b'] }, ['/bin/bash', '-lc']), ['/bin/bash', '-lc', 'a b']);
  for (const words of [[], ['NONE'], ['NONE', 'x'], ['OTHER', 'x'], ['CMD']])
    assert.equal(commandOfCheck({ test: words }), undefined);
});

test('the request wins over the image field by field', () => {
  const image = { test: ['CMD', 'true'], interval: second, retries: 7 };
  assert.deepEqual(mergeHealthCheck(undefined, image), image);
  assert.deepEqual(mergeHealthCheck({ test: [], retries: 2, interval: 0 }, image), { ...image, retries: 2 });
  assert.deepEqual(mergeHealthCheck({ test: ['NONE'] }, image), { ...image, test: ['NONE'] });
});

test('retries in a row make it unhealthy, one success healthy, five results are kept', () => {
  const facts = { check: { test: [], retries: 2 }, ranMilliseconds: 10_000 };
  let health = afterCheck(undefined, result(1), facts);
  assert.deepEqual([health.status, health.failingStreak], ['starting', 1]);
  health = afterCheck(health, result(1), facts);
  assert.deepEqual([health.status, health.failingStreak], ['unhealthy', 2]);
  health = afterCheck(health, result(0), facts);
  assert.deepEqual([health.status, health.failingStreak], ['healthy', 0]);
  for (let i = 0; i < 6; i++) health = afterCheck(health, result(i), facts);
  assert.deepEqual(
    health.log.map(({ exitCode }) => exitCode),
    [1, 2, 3, 4, 5],
  );
});

test('failures of the start period are forgiven until it was healthy once', () => {
  const check = { test: [], retries: 1, startPeriod: 20 * second, startInterval: second };
  const facts = { check, ranMilliseconds: 10_000 };
  const starting = afterCheck(undefined, result(1), facts);
  assert.deepEqual([starting.status, starting.failingStreak], ['starting', 0]);
  assert.equal(intervalOf(check, starting, 10_000), 1000);
  assert.equal(intervalOf(check, starting, 20_000), 30_000);
  assert.equal(afterCheck(starting, result(1), { check, ranMilliseconds: 20_000 }).status, 'unhealthy');
  const healthy = afterCheck(starting, result(0), facts);
  assert.equal(intervalOf(check, healthy, 10_000), 30_000);
  assert.equal(afterCheck(healthy, result(1), facts).status, 'unhealthy');
});

test('a start begins anew with the log of before; a pause and an end are unhealthy', () => {
  const health: Health = { status: 'healthy', failingStreak: 0, log: [result(0)] };
  assert.equal(healthAfter({ state: 'running', health }, 'running'), health);
  assert.equal(healthAfter({ state: 'running', health }, 'paused')?.status, 'unhealthy');
  assert.equal(healthAfter({ state: 'running', health }, 'exited')?.status, 'unhealthy');
  assert.deepEqual(healthAfter({ state: 'exited', health }, 'running'), { ...health, status: 'starting' });
  assert.equal(healthAfter({ state: 'paused', health }, 'running'), health);
});

test('times below a millisecond and negative retries are refused in words', () => {
  const said = (check: object) => assert.throws.bind(undefined, () => checkHealthCheck({ test: [], ...check }));
  said({ interval: 1 })(/^EngineError: Interval in Healthcheck cannot be less than 1ms$/);
  said({ timeout: -1 })(/Timeout in/);
  said({ startPeriod: 5 })(/StartPeriod in/);
  said({ startInterval: 5 })(/StartInterval in/);
  said({ retries: -1 })(/Retries in Healthcheck cannot be negative/);
  checkHealthCheck({ test: [], interval: 0, retries: 0 });
});
