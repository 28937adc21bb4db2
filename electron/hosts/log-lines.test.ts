import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError } from './host-error.ts';
import { readLogFrames } from './log-frames.ts';
import { createLogLines } from './log-lines.ts';

const frame = (stream: number, text: string) => {
  const data = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
};

async function framesOf(...chunks: Uint8Array[]) {
  const frames: [string, string][] = [];
  async function* source() {
    yield* chunks;
  }
  for await (const { stream, data } of readLogFrames(source())) frames.push([stream, Buffer.from(data).toString()]);
  return frames;
}

test('frames are found however the bytes arrive', async () => {
  const bytes = Buffer.concat([frame(1, 'one\n'), frame(2, 'zwei\n'), frame(1, ''), frame(0, 'x')]);
  const expected = [
    ['stdout', 'one\n'],
    ['stderr', 'zwei\n'],
    ['stdout', ''],
    ['stdout', 'x'],
  ];
  assert.deepEqual(await framesOf(bytes), expected);
  assert.deepEqual(await framesOf(...Array.from(bytes, (byte) => Uint8Array.of(byte))), expected);
});

test('a stream that is none, and one that breaks off, fail', async () => {
  await assert.rejects(framesOf(Buffer.from('plain text, no frames')), HostError);
  await assert.rejects(framesOf(frame(1, 'whole').subarray(0, 10)), { code: 'unavailable' });
});

const at = '2026-01-01T00:00:00.000000001Z';
const chunk = (text: string | Uint8Array, stream: 'stdout' | 'stderr' = 'stdout') => ({
  stream,
  data: typeof text === 'string' ? Buffer.from(text) : text,
});

test('lines: many in a chunk, one in many chunks, each stream by itself', () => {
  const lines = createLogLines();
  assert.deepEqual(
    lines.push(chunk(`${at} one\n${at} two\r\n${at} th`)).map(({ time, text }) => [time, text]),
    [
      [at, 'one'],
      [at, 'two'],
    ],
  );
  assert.deepEqual(lines.push(chunk(`${at} other\n`, 'stderr')), [{ time: at, stream: 'stderr', text: 'other' }]);
  assert.deepEqual(lines.push(chunk('ree\n')), [{ time: at, stream: 'stdout', text: 'three' }]);
  assert.deepEqual(lines.end(), []);
});

test('a character cut by a chunk is whole again, and the last line needs no end', () => {
  const lines = createLogLines();
  const bytes = Buffer.from(`${at} 容器`);
  assert.deepEqual(lines.push(chunk(bytes.subarray(0, -1))), []);
  assert.deepEqual(lines.push(chunk(bytes.subarray(-1))), []);
  assert.deepEqual(lines.end(), [{ time: at, stream: 'stdout', text: '容器' }]);
});

test('a long line that the host cut into pieces with a time each is one line', () => {
  const lines = createLogLines();
  assert.deepEqual(lines.push(chunk(`${at} ${'a'.repeat(16_384)}`)), []);
  const [line] = lines.push(chunk(`${at} b\n`));
  assert.equal(line?.text, `${'a'.repeat(16_384)}b`);
});

test('a line without an end does not grow for ever', () => {
  const lines = createLogLines();
  let given = 0;
  for (let index = 0; index < 40; index++) given += lines.push(chunk('x'.repeat(65_536))).length;
  assert.ok(given >= 2);
});
