import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Digest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import { type TarFixture, tarBytes } from '../../testing/tar-bytes.ts';
import { createLayerIntakes, type IntakeRequest, type LayerIntakes } from './layer-intake.ts';

const mine = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const umask = process.umask(0);
const directory = mkdtempSync(path.join(tmpdir(), 'beluga-intake-'));
const root = path.join(directory, 'root');
const file = path.join(directory, 'blob');
let intakes: LayerIntakes;
before(() => {
  intakes = createLayerIntakes({ threads: 2, limits: { entries: 50, bytes: 20_000_000, depth: 20 } });
});
beforeEach(() => {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root);
  writeFileSync(file, '');
});
after(async () => {
  await intakes.close();
  process.umask(umask);
  rmSync(directory, { recursive: true });
});

const sha256 = (bytes: Uint8Array): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const layer = (entries: TarFixture[]) => tarBytes(entries.map((entry) => ({ ...mine, ...entry })));
const failsWith = (reason: string) => (error: unknown) => error instanceof EngineError && error.reason === reason;
const requestOf = (bytes: Uint8Array, more: Partial<IntakeRequest> = {}): IntakeRequest => ({
  file,
  digest: sha256(bytes),
  size: bytes.length,
  target: { directory: root, whiteouts: 'overlay', lowers: 'unknown' },
  ...more,
});

async function send(request: IntakeRequest, bytes: Uint8Array, piece = 50_000) {
  const intake = intakes.begin(request);
  for (let at = await intake.kept; at < bytes.length; at += piece) await intake.write(bytes.subarray(at, at + piece));
  return intake.end();
}

const content = randomBytes(3_000_000);
const tar = layer([
  { name: './', type: '5', mode: 0o755 },
  { name: 'd/', type: '5' },
  { name: 'd/f', content },
]);

test('plain, gzip and zstd: kept as it came, and unpacked in the same pass', async () => {
  for (const bytes of [tar, gzipSync(tar), zstdCompressSync(tar)]) {
    rmSync(root, { recursive: true });
    mkdirSync(root);
    writeFileSync(file, '');
    const taken = await send(requestOf(bytes), bytes);
    assert.deepEqual(taken.layer, { diffId: sha256(tar), bytes: content.length, inodes: 2, hasRoot: true });
    assert.ok(readFileSync(file).equals(bytes));
    assert.ok(readFileSync(path.join(root, 'd/f')).equals(content));
  }
});

test('what was kept before is the begin', async () => {
  const bytes = gzipSync(tar);
  const first = intakes.begin(requestOf(bytes));
  await first.write(bytes.subarray(0, 1_000_000));
  await first.stop();
  assert.equal(readFileSync(file).length, 1_000_000);
  // as after a crash: less on the disk than was taken
  truncateSync(file, 900_000);
  rmSync(root, { recursive: true });
  mkdirSync(root);
  const second = intakes.begin(requestOf(bytes));
  assert.equal(await second.kept, 900_000);
  await second.write(bytes.subarray(900_000));
  assert.equal((await second.end()).layer?.diffId, sha256(tar));
  assert.ok(readFileSync(path.join(root, 'd/f')).equals(content));
});

test('other bytes, too many, too few', async () => {
  const bytes = gzipSync(tar);
  const other = Buffer.from(bytes);
  other[1000] = (other[1000] ?? 0) ^ 1;
  await assert.rejects(send(requestOf(bytes), other), failsWith('image.digest-mismatch'));
  writeFileSync(file, '');
  await assert.rejects(send(requestOf(bytes), Buffer.concat([bytes, bytes])), failsWith('image.digest-mismatch'));
  writeFileSync(file, '');
  await assert.rejects(send(requestOf(bytes), bytes.subarray(0, -1)), failsWith('image.digest-mismatch'));
});

test('a blob of the right digest that is no layer', async () => {
  const bytes = gzipSync(randomBytes(100_000));
  await assert.rejects(send(requestOf(bytes), bytes), failsWith('image.not-an-image'));
  writeFileSync(file, '');
  const hostile = layer([{ name: '../escaped', content: 'x' }]);
  await assert.rejects(send(requestOf(hostile), hostile), failsWith('image.layer-escapes'));
  assert.equal(existsSync(path.join(directory, 'escaped')), false);
});

test('a layer that needs its parents is only kept; so is one without a place', async () => {
  const bytes = gzipSync(layer([{ name: 'etc/hostname', content: 'x' }]));
  assert.deepEqual(await send(requestOf(bytes), bytes), {});
  assert.ok(readFileSync(file).equals(bytes));
  writeFileSync(file, '');
  const { target: _, ...withoutPlace } = requestOf(bytes);
  assert.deepEqual(await send(withoutPlace, bytes), {});
});

test('many side by side, of which one fails and one is stopped', async () => {
  const bytes = gzipSync(tar);
  const run = async (number: number) => {
    const place = path.join(directory, `many-${number}`);
    mkdirSync(path.join(place, 'root'), { recursive: true });
    writeFileSync(path.join(place, 'blob'), '');
    const target = { directory: path.join(place, 'root'), whiteouts: 'overlay' as const, lowers: 'unknown' as const };
    const request = { ...requestOf(bytes), file: path.join(place, 'blob'), target };
    if (number === 3) return send({ ...request, size: 100_000 }, bytes, 30_000);
    if (number === 4) {
      const intake = intakes.begin(request);
      await intake.write(bytes.subarray(0, 10));
      return intake.stop();
    }
    return send(request, bytes, 10_000 * (number + 1));
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4, 5].map(run));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
});
