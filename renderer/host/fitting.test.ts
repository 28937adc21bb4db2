import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitting } from './fitting.ts';

test('all that fit, and room for the number of the others', () => {
  assert.equal(fitting([], 20), 0);
  assert.equal(fitting(['3080', '2222'], 20), 2);
  assert.equal(fitting(['42619:443', '44297:80'], 20), 2);
  assert.equal(fitting(['42619:443', '44297:80'], 18), 1);
  assert.equal(fitting(['8080', '9090', '9091', '9092'], 20), 3);
});

test('the first one stands there in any case', () => {
  assert.equal(fitting(['192.168.1.20:42619:443/udp', '80'], 20), 1);
});
