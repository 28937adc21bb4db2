import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration, nanoTimeToWire, parseNanoTime, timeToWire } from './time.ts';

test('times are RFC 3339 as Go prints them', () => {
  assert.equal(timeToWire(undefined), '0001-01-01T00:00:00Z');
  assert.equal(timeToWire(new Date('2026-01-02T03:04:10.000Z')), '2026-01-02T03:04:10Z');
  assert.equal(timeToWire(new Date('2026-01-02T03:04:10.120Z')), '2026-01-02T03:04:10.12Z');
  assert.equal(nanoTimeToWire(1_767_323_045_000_000_001n), '2026-01-02T03:04:05.000000001Z');
});

test('times of queries are exact to the nanosecond', () => {
  assert.equal(parseNanoTime(null), undefined);
  assert.equal(parseNanoTime('1767323045.123456789'), 1_767_323_045_123_456_789n);
  assert.equal(parseNanoTime('12.5'), 12_500_000_000n);
  assert.equal(parseNanoTime('7'), 7_000_000_000n);
  assert.throws(() => parseNanoTime('yesterday'), { code: 'invalid' });
});

test('durations in the words of docker ps', () => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  const cases: [number, string][] = [
    [0, 'Less than a second'],
    [999, 'Less than a second'],
    [second, '1 second'],
    [59 * second, '59 seconds'],
    [minute, 'About a minute'],
    [2 * minute, '2 minutes'],
    [59 * minute + 59 * second, '59 minutes'],
    [hour, 'About an hour'],
    [hour + 29 * minute, 'About an hour'],
    [hour + 30 * minute, '2 hours'],
    [47 * hour, '47 hours'],
    [48 * hour, '2 days'],
    [13 * day, '13 days'],
    [14 * day, '2 weeks'],
    [59 * day, '8 weeks'],
    [60 * day, '2 months'],
    [2 * 365 * day, '2 years'],
  ];
  for (const [duration, words] of cases) assert.equal(humanDuration(duration), words);
});
