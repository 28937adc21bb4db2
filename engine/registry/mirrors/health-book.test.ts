import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerFailure, statusFailure } from '../registry-failure.ts';
import { createHealthBook } from './health-book.ts';

const endpoint = 'https://mirror.test';
function open() {
  let now = 1_000_000;
  let changes = 0;
  const book = createHealthBook({ known: [], sickTime: () => 1000, now: () => now, onChange: () => changes++ });
  return { book, pass: (milliseconds: number) => (now += milliseconds), changes: () => changes };
}
const status = (code: number, retryAfter?: number) =>
  statusFailure({ kind: 'status', host: 'mirror.test', status: code, ...(retryAfter && { retryAfter }) }, 'a blob');
const cut = () => answerFailure('cut', 'mirror.test', 'it broke off');

test('a failure of the endpoint makes it sick, twice as long with each in a row, and an answer ends that', () => {
  const { book, pass } = open();
  assert.ok(book.isWell(endpoint));
  for (const [failures, time] of [
    [1, 1000],
    [2, 2000],
    [3, 4000],
  ] as const) {
    book.failed(endpoint, cut());
    assert.equal(book.of(endpoint)?.failures, failures);
    pass(time - 1);
    assert.ok(!book.isWell(endpoint));
    pass(1);
    assert.ok(book.isWell(endpoint));
  }
  book.answered(endpoint, 20);
  book.failed(endpoint, cut());
  pass(1000);
  assert.ok(book.isWell(endpoint));
});

test('what was only not there tells nothing of the endpoint', () => {
  const { book } = open();
  for (const code of [401, 403, 404]) book.failed(endpoint, status(code));
  assert.ok(book.isWell(endpoint));
  assert.equal(book.of(endpoint)?.failures, 0);
  assert.match(book.of(endpoint)?.lastFailure?.message ?? '', /answered 404/);
});

test('who asks to wait is left alone for so long', () => {
  const { book, pass } = open();
  book.failed(endpoint, status(429, 60_000));
  pass(59_999);
  assert.ok(!book.isWell(endpoint));
  pass(1);
  assert.ok(book.isWell(endpoint));
});

test('one that was sick is asked by one at a time', () => {
  const { book, pass } = open();
  book.failed(endpoint, cut());
  pass(1000);
  book.asking(endpoint);
  assert.ok(!book.isWell(endpoint));
  book.answered(endpoint, 10);
  assert.ok(book.isWell(endpoint));
});

test('latency and speed are means; a small blob tells no speed', () => {
  const { book, changes } = open();
  book.answered(endpoint, 100);
  book.answered(endpoint, 200);
  assert.equal(book.of(endpoint)?.latency, 130);
  book.gave(endpoint, 1000, 1);
  assert.equal(book.of(endpoint)?.speed, undefined);
  book.gave(endpoint, 1_000_000, 1000);
  book.gave(endpoint, 2_000_000, 1000);
  assert.equal(book.of(endpoint)?.speed, 1_300_000);
  assert.equal(book.of(endpoint)?.served, 3);
  assert.ok(changes() > 0);
});
