import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ReadLog, readCriLog } from '../oci/cri-log.ts';
import { compressRotated, makeEmptyLog, mendRotation, shiftLog, trimLog } from './rotate-log.ts';

const root = mkdtempSync(path.join(tmpdir(), 'beluga-rotate-'));
after(() => rmSync(root, { recursive: true }));
const newLog = () => path.join(mkdtempSync(path.join(root, 'log-')), 'container.log');
const line = (number: number, tag = 'F') =>
  `2026-01-02T03:04:05.${String(number).padStart(9, '0')}+00:00 stdout ${tag} ${number}${tag === 'F' ? '' : '-'}\n`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => line(from + index)).join('');
const names = (file: string) => readdirSync(path.dirname(file)).sort();
async function read(file: string, request: Partial<ReadLog> = {}): Promise<string[]> {
  const texts: string[] = [];
  for await (const { data } of readCriLog({ file, stdout: true, stderr: true, ...request })) {
    texts.push(Buffer.from(data).toString().trimEnd());
  }
  return texts;
}
const never = new AbortController().signal;

test('files move on, the oldest goes, and all are read as one, whichever are compressed', async () => {
  const file = newLog();
  for (const round of [0, 1, 2, 3]) {
    writeFileSync(file, lines(round * 10 + 1, round * 10 + 10));
    shiftLog(file, 4);
    if (round === 1) await compressRotated(file, never);
  }
  makeEmptyLog(file);
  appendFileSync(file, lines(41, 42));
  assert.deepEqual(names(file), ['container.log', 'container.log.1', 'container.log.2', 'container.log.3.gz']);
  const kept = Array.from({ length: 32 }, (_, index) => String(index + 11));
  assert.deepEqual(await read(file), kept);
  for (const tail of [1, 2, 3, 12, 13, 25, 31, 32, 99]) assert.deepEqual(await read(file, { tail }), kept.slice(-tail));
  assert.deepEqual(
    await read(file, { since: BigInt(Date.parse('2026-01-02T03:04:05Z')) * 1_000_000n + 30n }),
    kept.slice(19),
  );
  trimLog(file, 1);
  assert.deepEqual(names(file), ['container.log']);
});

test('a line whose pieces lie in two files is one', async () => {
  const file = newLog();
  writeFileSync(file, lines(1, 3) + line(4, 'P'));
  shiftLog(file, 5);
  writeFileSync(file, lines(5, 6));
  assert.deepEqual(await read(file), ['1', '2', '3', '4-5', '6']);
  assert.deepEqual(await read(file, { tail: 2 }), ['4-5', '6']);
  assert.deepEqual(await read(file, { tail: 3 }), ['3', '4-5', '6']);
});

test('what a crash left: gaps in the numbers, half a compression, a file in both forms', async () => {
  const file = newLog();
  writeFileSync(`${file}.4`, lines(1, 2));
  writeFileSync(`${file}.2`, lines(3, 4));
  writeFileSync(`${file}.2.gz`, gzipSync(lines(3, 4)));
  writeFileSync(`${file}.1.gz`, gzipSync(lines(5, 6)));
  writeFileSync(`${file}.4.gz.tmp`, 'half');
  // conmon's own, which it is about to rename
  writeFileSync(`${file}.tmp`, '');
  assert.deepEqual(await read(file), ['1', '2', '3', '4', '5', '6'], 'also where the newest is missing');
  mendRotation(file);
  const all = ['.1.gz', '.2', '.4', '.tmp'].map((end) => `container.log${end}`);
  assert.deepEqual(names(file), all);
  assert.deepEqual(await read(file), ['1', '2', '3', '4', '5', '6']);
});

test('a compression that is given up leaves everything as it was', async () => {
  const file = newLog();
  writeFileSync(`${file}.1`, lines(1, 1000));
  const stop = new AbortController();
  const done = compressRotated(file, stop.signal);
  stop.abort();
  await done;
  assert.deepEqual(names(file), ['container.log.1']);
});
