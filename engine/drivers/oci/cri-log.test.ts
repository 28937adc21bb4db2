import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { type ReadLog, readCriLog } from './cri-log.ts';
import { type CriRecord, createCriParser, longestMessage, parseTime } from './cri-records.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'beluga-cri-'));
after(() => rmSync(directory, { recursive: true }));

const time = (n: number) => `2026-01-02T03:04:05.${String(n).padStart(9, '0')}+00:00`;
const line = (n: number, text: string, stream = 'stdout', tag = 'F') => `${time(n)} ${stream} ${tag} ${text}\n`;
let files = 0;
function logOf(text: string): string {
  const file = path.join(directory, `log${files++}`);
  writeFileSync(file, text);
  return file;
}
async function textsOf(request: Partial<ReadLog> & { file: string }): Promise<string[]> {
  const texts: string[] = [];
  for await (const record of readCriLog({ stdout: true, stderr: true, ...request })) texts.push(text(record));
  return texts;
}
const text = (record: CriRecord | undefined) => Buffer.from(record?.data ?? []).toString();

test('time is kept to the nanosecond', () => {
  assert.equal(parseTime('1970-01-01T00:00:01.000000002Z'), 1_000_000_002n);
  assert.equal(parseTime('1970-01-01T01:00:00+01:00'), 0n);
  assert.equal(parseTime('garbage'), 0n);
});

test('pieces of one line are one record, per stream', async () => {
  const file = logOf(
    line(1, 'out-', 'stdout', 'P') + line(2, 'err', 'stderr') + line(3, 'end') + line(4, 'tail', 'stdout', 'P'),
  );
  assert.deepEqual(await textsOf({ file }), ['err\n', 'out-end\n', 'tail']);
});

test('a long line comes in messages of 16 KiB', async () => {
  const piece = 'x'.repeat(8192);
  const file = logOf([1, 2, 3, 4, 5].map((n) => line(n, piece, 'stdout', n < 5 ? 'P' : 'F')).join(''));
  const lengths = (await textsOf({ file })).map(({ length }) => length);
  assert.deepEqual(lengths, [longestMessage, longestMessage, 8193]);
});

test('records cut anywhere are read whole', () => {
  const bytes = Buffer.from(line(1, 'one') + line(2, 'zwö', 'stderr') + line(3, ''));
  const whole = createCriParser().push(bytes).map(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const parser = createCriParser();
    const records = [...parser.push(bytes.subarray(0, cut)), ...parser.push(bytes.subarray(cut))];
    assert.deepEqual(records.map(text), whole, `cut at ${cut}`);
  }
  assert.deepEqual(whole, ['one\n', 'zwö\n', '\n']);
});

test('what is no record is left out', async () => {
  assert.deepEqual(await textsOf({ file: logOf(`garbage\n${line(1, 'fine')}\n`) }), ['fine\n']);
  assert.deepEqual(await textsOf({ file: path.join(directory, 'absent') }), []);
});

test('tail gives the last records, in order', async () => {
  const all = Array.from({ length: 20_000 }, (_, n) => line(n, `line ${n}`));
  const file = logOf(all.join(''));
  assert.deepEqual(await textsOf({ file, tail: 3 }), ['line 19997\n', 'line 19998\n', 'line 19999\n']);
  assert.deepEqual(await textsOf({ file, tail: 0 }), []);
  assert.equal((await textsOf({ file, tail: 12_345 })).length, 12_345);
  assert.equal((await textsOf({ file, tail: 50_000 })).length, 20_000);
  assert.deepEqual(await textsOf({ file: logOf(''), tail: 5 }), []);
});

test('tail counts only the stream that is asked for', async () => {
  const noise = Array.from({ length: 5000 }, (_, n) => line(n + 10, `noise ${n}`));
  const file = logOf(line(1, 'first', 'stderr') + line(2, 'second', 'stderr') + noise.join(''));
  assert.deepEqual(await textsOf({ file, tail: 1, stdout: false }), ['second\n']);
});

test('tail counts a line of many pieces once', async () => {
  const pieces = Array.from({ length: 40 }, (_, n) => line(n + 10, 'ab', 'stdout', 'P')).join('');
  const file = logOf(`${line(1, 'before')}${pieces}${line(90, 'end')}${line(91, 'last')}`);
  assert.deepEqual(await textsOf({ file, tail: 2 }), [`${'ab'.repeat(40)}end\n`, 'last\n']);
});

test('since and until are inclusive', async () => {
  const file = logOf([1, 2, 3, 4].map((n) => line(n, String(n))).join(''));
  const at = (n: number) => parseTime(time(n));
  assert.deepEqual(await textsOf({ file, since: at(2), until: at(3) }), ['2\n', '3\n']);
});

test('following loses nothing between the tail and the end', async () => {
  const file = logOf(line(1, 'old') + line(2, 'begun ', 'stdout', 'P'));
  const { promise: end, resolve } = Promise.withResolvers<void>();
  const records = readCriLog({ file, stdout: true, stderr: true, tail: 1, followUntil: end });
  const next = async () => text((await records.next()).value);
  assert.equal(await next(), 'old\n');
  appendFileSync(file, line(3, 'ended'));
  assert.equal(await next(), 'begun ended\n');
  for (let n = 0; n < 1000; n++) appendFileSync(file, line(10 + n, `more ${n}`));
  for (let n = 0; n < 1000; n++) assert.equal(await next(), `more ${n}\n`);
  appendFileSync(file, line(5000, 'no newline', 'stderr', 'P'));
  resolve();
  assert.equal(await next(), 'no newline');
  assert.equal((await records.next()).done, true);
});

test('a follower that leaves ends the work', async () => {
  const file = logOf(line(1, 'one'));
  const records = readCriLog({ file, stdout: true, stderr: true, followUntil: new Promise(() => {}) });
  assert.equal(text((await records.next()).value), 'one\n');
  const waiting = records.next();
  await records.return();
  assert.equal((await waiting).done, true);
});

test('a slow reader holds the reading back', async () => {
  const file = logOf(Array.from({ length: 3000 }, (_, n) => line(n, `line ${n}`)).join(''));
  const records = readCriLog({ file, stdout: true, stderr: true });
  let count = 0;
  for await (const record of records) {
    assert.equal(text(record), `line ${count++}\n`);
    if (count % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(count, 3000);
});
