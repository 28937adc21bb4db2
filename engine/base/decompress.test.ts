import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { decompress, decompressAny } from './decompress.ts';

async function plain(bytes: Buffer, piece: number): Promise<Buffer> {
  const cut = async function* () {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  };
  const parts: Buffer[] = [];
  for await (const part of decompress(cut())) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

test('plain, gzip of several members, zstd of several frames, skippable ones too, cut anywhere', async () => {
  const [first, second] = [Buffer.alloc(700_000, 'first'), randomBytes(300_000)];
  const whole = Buffer.concat([first, second]);
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
  const forms = [
    whole,
    gzipSync(whole),
    Buffer.concat([gzipSync(first), gzipSync(second)]),
    zstdCompressSync(whole),
    Buffer.concat([zstdCompressSync(first), zstdCompressSync(second)]),
    Buffer.concat([zstdCompressSync(first), skippable, zstdCompressSync(second), skippable]),
  ];
  for (const form of forms) {
    for (const piece of [1 << 30, 65_536, 997]) assert.ok((await plain(form, piece)).equals(whole));
  }
  assert.equal((await plain(Buffer.from('ab'), 1)).toString(), 'ab');
  assert.equal((await plain(Buffer.alloc(0), 1)).length, 0);
});

test('what is cut or damaged fails, and so does the source', async () => {
  const bytes = randomBytes(100_000);
  for (const form of [
    gzipSync(bytes),
    zstdCompressSync(bytes),
    Buffer.concat([zstdCompressSync(bytes), zstdCompressSync(bytes)]),
  ]) {
    await assert.rejects(plain(form.subarray(0, -20), 4096), { code: 'Z_BUF_ERROR' });
  }
  await assert.rejects(plain(Buffer.concat([zstdCompressSync(bytes), Buffer.from('garbage')]), 1 << 20), /./);
  for (const form of [gzipSync(bytes), zstdCompressSync(bytes), bytes]) {
    const failing = async function* () {
      yield form.subarray(0, 5000);
      throw new Error('the line is dead');
    };
    await assert.rejects(async () => {
      for await (const _ of decompress(failing()));
    }, /the line is dead/);
  }
});

test('leaving the loop closes the source', async () => {
  for (const form of [
    Buffer.alloc(1_000_000),
    gzipSync(randomBytes(1_000_000)),
    zstdCompressSync(randomBytes(1_000_000)),
  ]) {
    let closed = false;
    const source = async function* () {
      try {
        for (let at = 0; at < form.length; at += 10_000) yield form.subarray(at, at + 10_000);
      } finally {
        closed = true;
      }
    };
    for await (const _ of decompress(source())) break;
    assert.ok(closed);
  }
});

const packed = (program: 'xz' | 'bzip2', bytes: Buffer) =>
  execFileSync(program, ['-c', '-1'], { input: bytes, maxBuffer: 1 << 26 });
async function any(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of decompressAny(source)) parts.push(part);
  return Buffer.concat(parts);
}
const inPieces = async function* (bytes: Buffer, piece: number) {
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
};

test('xz and bzip2 by their programs; for a layer they are what they are', async () => {
  const whole = Buffer.concat([Buffer.alloc(3_000_000, 'first'), randomBytes(1_000_000)]);
  for (const program of ['xz', 'bzip2'] as const) {
    const form = packed(program, whole);
    for (const piece of [1 << 30, 65_536, 4999]) assert.ok((await any(inPieces(form, piece))).equals(whole));
    assert.ok((await plain(form, 65_536)).equals(form));
    assert.equal((await any(inPieces(packed(program, Buffer.alloc(0)), 3))).length, 0);
  }
  assert.ok((await any(inPieces(gzipSync(whole), 65_536))).equals(whole));
  assert.equal((await any(inPieces(Buffer.from('BZh9 is a word'), 4))).toString(), 'BZh9 is a word');
});

test('of xz and bzip2 what is cut or damaged fails, so does the source, and whoever leaves leaves nothing running', async () => {
  const bytes = randomBytes(2_000_000);
  const children = () => execFileSync('ps', ['--no-headers', '-o', 'comm', '--ppid', String(process.pid)]).toString();
  for (const program of ['xz', 'bzip2'] as const) {
    const form = packed(program, bytes);
    await assert.rejects(any(inPieces(form.subarray(0, -200_000), 4096)), {
      reason: 'program.failed',
      message: /unexpected end of input|ends unexpectedly/i,
    });
    const wrong = Buffer.from(form);
    wrong.fill(7, 500_000, 510_000);
    await assert.rejects(any(inPieces(wrong, 4096)), { reason: 'program.failed' });
    const failing = async function* () {
      yield form.subarray(0, 5000);
      throw new Error('the line is dead');
    };
    await assert.rejects(any(failing()), /the line is dead/);
    for await (const _ of decompressAny(inPieces(form, 4096))) break;
    assert.doesNotMatch(children(), /xz|bzip2/);
  }
});
