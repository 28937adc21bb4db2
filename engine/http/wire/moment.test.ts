import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMoment } from './moment.ts';

test('durations go back from now, dates are the engine’s own without a zone, numbers are seconds', () => {
  const ago = (text: string) => Date.now() - parseMoment(text).getTime();
  for (const [text, milliseconds] of [
    ['24h', 86_400_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['10m0s', 600_000],
    ['500ms', 500],
  ] as const)
    assert.ok(Math.abs(ago(text) - milliseconds) < 5000, text);
  assert.equal(parseMoment('2020-02-03T04:05:06Z').toISOString(), '2020-02-03T04:05:06.000Z');
  assert.equal(parseMoment('2020-02-03T04:05:06.5+02:00').toISOString(), '2020-02-03T02:05:06.500Z');
  assert.equal(parseMoment('2020-02-03').getTime(), new Date(2020, 1, 3).getTime());
  assert.equal(parseMoment('2020-02-03T04').getTime(), new Date(2020, 1, 3, 4).getTime());
  assert.equal(parseMoment('2020-02-03T04:05').getTime(), new Date(2020, 1, 3, 4, 5).getTime());
  assert.equal(parseMoment('1580702706').toISOString(), '2020-02-03T04:05:06.000Z');
  assert.equal(parseMoment('1580702706.25').toISOString(), '2020-02-03T04:05:06.250Z');
  for (const text of ['yesterday', '24', '-1h', '24hours', '2020-13-01']) {
    if (text === '24') assert.equal(parseMoment(text).getTime(), 24_000);
    else assert.throws(() => parseMoment(text), { code: 'invalid' }, text);
  }
});
