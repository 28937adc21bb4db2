import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isalInflater } from './libisal.ts';

function inflate(bytes: Uint8Array, piece: number): Buffer {
  const inflater = isalInflater() ?? assert.fail('libisal2 is not installed, or does not inflate a sample right');
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += piece)
    for (const part of inflater.push(bytes.subarray(at, at + piece))) parts.push(Buffer.from(part));
  inflater.end();
  return Buffer.concat(parts);
}

test('members of all levels, cut anywhere, stored and repeated ones too', () => {
  const noise = randomBytes(400_000);
  const text = Buffer.from('the same again and again '.repeat(40_000));
  for (const level of [0, 1, 6, 9]) {
    for (const whole of [noise, text, Buffer.concat([text, noise, text]), Buffer.alloc(0), Buffer.from('x')]) {
      const file = gzipSync(whole, { level });
      for (const piece of [1 << 30, 65_536, 997, 18]) assert.ok(inflate(file, piece).equals(whole));
      const twice = Buffer.concat([file, file]);
      for (const piece of [1 << 30, file.length, 1000]) {
        assert.ok(inflate(twice, piece).equals(Buffer.concat([whole, whole])));
      }
    }
  }
});

test('what is behind the last member is no part of it; what is cut or turned over fails', () => {
  const whole = randomBytes(300_000);
  const file = gzipSync(whole);
  assert.ok(inflate(Buffer.concat([file, Buffer.from('behind')]), 4096).equals(whole));
  assert.throws(() => inflate(file.subarray(0, -9), 4096), { code: 'Z_BUF_ERROR' });
  for (const at of [2, 150_000, file.length - 6]) {
    const damaged = Buffer.from(file);
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    assert.throws(() => inflate(damaged, 4096), { code: 'Z_DATA_ERROR' });
  }
});
