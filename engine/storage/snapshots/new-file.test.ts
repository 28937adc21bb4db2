import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { writeData, writeHole } from './new-file.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'beluga-new-file-'));
after(() => rmSync(directory, { recursive: true }));
let files = 0;

/** @returns what is in it then, and the bytes it takes */
function written(pieces: readonly (Buffer | number)[]): { content: Buffer; allocated: number } {
  const name = path.join(directory, String(++files));
  const file = { descriptor: openSync(name, 'w'), at: 0 };
  for (const piece of pieces) {
    if (typeof piece === 'number') writeHole(file, piece);
    else writeData(file, piece);
  }
  closeSync(file.descriptor);
  return { content: readFileSync(name), allocated: statSync(name).blocks * 512 };
}

const whole = (pieces: readonly (Buffer | number)[]) =>
  Buffer.concat(pieces.map((piece) => (typeof piece === 'number' ? Buffer.alloc(piece) : piece)));

test('zeros take no room, wherever a chunk begins, and every byte is where it was', () => {
  const text = Buffer.from('text');
  const large = Buffer.concat([text, Buffer.alloc(1 << 20), text, Buffer.alloc(100_000)]);
  for (const size of [512, 16_384, 65_536, 70_001, large.length]) {
    const pieces: Buffer[] = [];
    for (let at = 0; at < large.length; at += size) pieces.push(large.subarray(at, at + size));
    const { content, allocated } = written(pieces);
    assert.ok(content.equals(large), `in pieces of ${size}`);
    assert.ok(allocated < 64 << 10, `${allocated} bytes in pieces of ${size}`);
  }
});

test('bytes and holes in turn; a file that ends with a hole, one of nothing else, one that is empty', () => {
  for (const pieces of [
    [Buffer.from('a'), 50_000, Buffer.alloc(40_000), Buffer.from('b'), 7],
    [1 << 20],
    [Buffer.alloc(1 << 20)],
    [],
  ]) {
    const { content, allocated } = written(pieces);
    assert.ok(content.equals(whole(pieces)));
    assert.ok(allocated <= 64 << 10, `${allocated} bytes`);
  }
});
