import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthConfigJson, parseHealthConfig } from './health-config.ts';

test('a HealthConfig keeps what it says; zeros and what is no value are not given', () => {
  const whole = {
    ...{ Test: ['CMD', 'true'], Interval: 1e9, Timeout: 2e9, StartPeriod: 3e9, StartInterval: 4e9, Retries: 5 },
  };
  const check = {
    test: ['CMD', 'true'],
    interval: 1e9,
    timeout: 2e9,
    startPeriod: 3e9,
    startInterval: 4e9,
    retries: 5,
  };
  assert.deepEqual(parseHealthConfig(whole), check);
  assert.deepEqual(healthConfigJson(check), whole);
  assert.deepEqual(parseHealthConfig({ Test: null, Interval: 0, Retries: '3', Other: 1 }), { test: [] });
  assert.deepEqual(healthConfigJson({ test: [] }), {});
  for (const none of [undefined, null, 'x', []]) assert.equal(parseHealthConfig(none), undefined);
});
