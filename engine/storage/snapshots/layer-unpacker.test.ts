import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Digest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import { type TarFixture, tarBytes } from '../../testing/tar-bytes.ts';
import { createLayerUnpacker, type LayerUnpacker, type UnpackRequest } from './layer-unpacker.ts';

// Without privileges too: everything belongs to whoever runs the test, and whiteouts delete.
const mine = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const umask = process.umask(0);
const directory = mkdtempSync(path.join(tmpdir(), 'beluga-unpack-'));
const root = path.join(directory, 'root');
const outside = path.join(directory, 'outside');
let unpacker: LayerUnpacker;
before(() => {
  unpacker = createLayerUnpacker({ threads: 1, limits: { entries: 50, bytes: 1_000_000, depth: 20 } });
});
beforeEach(() => {
  for (const name of [root, outside]) {
    rmSync(name, { recursive: true, force: true });
    mkdirSync(name, { mode: 0o755 });
  }
  writeFileSync(path.join(outside, 'kept'), 'kept');
});
after(async () => {
  await unpacker.close();
  process.umask(umask);
  rmSync(directory, { recursive: true });
});

const sha256 = (bytes: Uint8Array): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

function unpack(bytes: Uint8Array, more: Partial<UnpackRequest> = {}, signal?: AbortSignal) {
  const file = path.join(directory, 'layer');
  writeFileSync(file, bytes);
  return unpacker.unpack({ file, target: { directory: root, whiteouts: 'remove' }, ...more }, signal);
}

const layer = (entries: TarFixture[]) => tarBytes(entries.map((entry) => ({ ...mine, ...entry })));
const failsWith = (reason: string) => (error: unknown) => error instanceof EngineError && error.reason === reason;
const at = (...names: string[]) => path.join(root, ...names);

test('plain, gzip and zstd give the same files and diff id', async () => {
  const tar = layer([
    { name: 'd/', type: '5', mode: 0o750 },
    { name: 'd/file', content: 'x'.repeat(300_000) },
  ]);
  const joined = Buffer.concat([gzipSync(tar.subarray(0, 1000)), gzipSync(tar.subarray(1000))]);
  const frames = Buffer.concat([zstdCompressSync(tar.subarray(0, 1000)), zstdCompressSync(tar.subarray(1000))]);
  for (const blob of [tar, gzipSync(tar), joined, zstdCompressSync(tar), frames]) {
    rmSync(root, { recursive: true });
    mkdirSync(root);
    const done = await unpack(blob, { digest: sha256(blob), diffId: sha256(tar) });
    assert.deepEqual(done, { digest: sha256(blob), diffId: sha256(tar), bytes: 300_000, inodes: 2, hasRoot: false });
    assert.equal(readFileSync(at('d/file')).length, 300_000);
    assert.equal(lstatSync(at('d')).mode & 0o7777, 0o750);
  }
});

test('times to the nanosecond, of folders too; modes; links', async () => {
  await unpack(
    layer([
      { name: 'd/', type: '5', pax: { mtime: '1000.123456789' } },
      { name: 'd/file', mode: 0o4755, content: 'x', modified: 500 },
      { name: 'd/hard', type: '1', link: 'd/file' },
      { name: 'd/soft', type: '2', link: '/etc/passwd', modified: 600 },
      { name: 'pipe', type: '6' },
    ]),
  );
  assert.equal(lstatSync(at('d'), { bigint: true }).mtimeNs, 1_000_123_456_789n);
  assert.equal(lstatSync(at('d/file')).mtimeMs, 500_000);
  assert.equal(lstatSync(at('d/soft')).mtimeMs, 600_000);
  assert.equal(lstatSync(at('d/file')).mode & 0o7777, 0o4755);
  assert.equal(lstatSync(at('d/hard')).ino, lstatSync(at('d/file')).ino);
  assert.equal(readlinkSync(at('d/soft')), '/etc/passwd');
  assert.ok(lstatSync(at('pipe')).isFIFO());
});

test('names of any bytes and any length that Linux takes', async () => {
  const long = `${'l'.repeat(200)}/${'m'.repeat(255)}`;
  await unpack(
    layer([
      { name: 'x', content: 'long', pax: { path: long } },
      { name: 'caf\u00e9', content: 'not UTF-8' },
      { name: 'x', content: 'UTF-8', pax: { path: '鲸' } },
    ]),
  );
  assert.equal(readFileSync(at(long), 'utf8'), 'long');
  assert.deepEqual(
    readdirSync(root, { encoding: 'buffer' })
      .map((name) => name.toString('hex'))
      .sort(),
    [Buffer.from('caf\u00e9', 'latin1'), Buffer.from('鲸'), Buffer.from('l'.repeat(200))]
      .map((name) => name.toString('hex'))
      .sort(),
  );
});

test('absolute names are of the root, absolute symlinks are followed inside it', async () => {
  await unpack(
    layer([
      { name: '/absolute', content: 'a' },
      { name: './dotted//twice', content: 'b' },
      { name: 'dotted/../back', content: 'c' },
      { name: 'way', type: '2', link: outside },
      { name: 'way/inside', content: 'd' },
      { name: 'hard', type: '1', link: '/absolute' },
    ]),
  );
  for (const [name, content] of [
    ['absolute', 'a'],
    ['dotted/twice', 'b'],
    ['back', 'c'],
    ['hard', 'a'],
  ] as const) {
    assert.equal(readFileSync(at(name), 'utf8'), content);
  }
  assert.equal(readlinkSync(at('way')), outside);
  assert.equal(readFileSync(at(outside, 'inside'), 'utf8'), 'd');
});

const up = '../'.repeat(20);
const hostile: Record<string, TarFixture[]> = {
  'a name with ..': [{ name: `${up}${outside}/new`, content: 'x' }],
  'a name that goes in and out': [{ name: 'a/../../new', content: 'x' }],
  'a folder outside': [{ name: `${up}${outside}/new/`, type: '5' }],
  'a symlink outside': [{ name: `${up}${outside}/new`, type: '2', link: 'x' }],
  'a device outside': [{ name: `${up}${outside}/new`, type: '6' }],
  'a hardlink to outside': [{ name: 'stolen', type: '1', link: `${up}${outside}/kept` }],
  'a hardlink through a symlink': [
    { name: 'way', type: '2', link: `${up}${outside}` },
    { name: 'stolen', type: '1', link: 'way/kept' },
  ],
  'a write through a symlink': [
    { name: 'way', type: '2', link: `${up}${outside}` },
    { name: 'way/new', content: 'x' },
  ],
  'a write through a symlink to a symlink': [
    { name: 'one', type: '2', link: '..' },
    { name: 'two', type: '2', link: `one/${up}${outside}` },
    { name: 'two/new', content: 'x' },
  ],
  'a whiteout through a symlink': [{ name: 'way', type: '2', link: `${up}${outside}` }, { name: 'way/.wh.kept' }],
  'an opaque mark through a symlink': [
    { name: 'way', type: '2', link: `${up}${outside}` },
    { name: 'way/.wh..wh..opq' },
  ],
  'a whiteout of the parent': [{ name: 'd/', type: '5' }, { name: 'd/.wh...' }],
  'a whiteout of the folder itself': [{ name: 'd/', type: '5' }, { name: 'd/.wh..' }],
  'a long name in PAX': [{ name: 'x', content: 'x', pax: { path: `${'a/'.repeat(5)}${up}${outside}/new` } }],
};
for (const [title, entries] of Object.entries(hostile)) {
  test(`refused, nothing outside touched: ${title}`, async () => {
    await assert.rejects(unpack(layer(entries)), failsWith('image.layer-escapes'));
    assert.deepEqual(readdirSync(outside), ['kept']);
    assert.equal(readFileSync(path.join(outside, 'kept'), 'utf8'), 'kept');
    assert.deepEqual(readdirSync(directory).sort(), ['layer', 'outside', 'root']);
  });
}

test('a file that replaces a symlink does not write through it', async () => {
  await unpack(
    layer([
      { name: 'file', type: '2', link: path.join(outside, 'kept') },
      { name: 'file', content: 'mine' },
      { name: 'way', type: '2', link: outside },
      { name: 'way/', type: '5' },
      { name: 'way/kept', content: 'mine' },
    ]),
  );
  assert.equal(readFileSync(path.join(outside, 'kept'), 'utf8'), 'kept');
  assert.equal(readFileSync(at('file'), 'utf8'), 'mine');
  assert.equal(readFileSync(at('way/kept'), 'utf8'), 'mine');
});

test('whiteouts take from the parent, never from the layer itself', async () => {
  for (const name of ['gone', 'opaque', 'opaque/mine']) mkdirSync(at(name));
  for (const name of ['gone/x', 'opaque/old', 'opaque/mine/old', 'file']) writeFileSync(at(name), 'x');
  await unpack(
    layer([
      { name: '.wh.gone' },
      { name: 'opaque/mine/new', content: 'x' },
      { name: 'opaque/.wh..wh..opq' },
      { name: 'file', content: 'new' },
      { name: '.wh.file' },
      { name: '.wh.never-there' },
      { name: '.wh..wh.plnk' },
    ]),
  );
  assert.deepEqual(readdirSync(root, { recursive: true }).sort(), ['file', 'opaque', 'opaque/mine', 'opaque/mine/new']);
  assert.equal(readFileSync(at('file'), 'utf8'), 'new');
});

test('cut, damaged, no tar: each has its reason', async () => {
  const tar = layer([
    { name: 'a', content: 'x'.repeat(5000) },
    { name: 'b', content: 'y' },
  ]);
  await assert.rejects(unpack(tar.subarray(0, 3000)), failsWith('image.truncated'));
  await assert.rejects(unpack(tar.subarray(0, 512 + 5120 + 100)), failsWith('image.truncated'));
  const zipped = gzipSync(tar);
  await assert.rejects(unpack(zipped.subarray(0, zipped.length - 20)), failsWith('image.truncated'));
  const zstd = zstdCompressSync(tar);
  await assert.rejects(unpack(zstd.subarray(0, zstd.length - 20)), failsWith('image.truncated'));
  const damaged = Buffer.from(zipped);
  damaged.fill(0xff, 30, 40);
  await assert.rejects(unpack(damaged), failsWith('image.not-an-image'));
  await assert.rejects(unpack(Buffer.from('a letter\n'.repeat(200))), failsWith('image.not-an-image'));
  await assert.rejects(unpack(Buffer.alloc(0)), failsWith('image.not-an-image'));
  await assert.rejects(unpack(tar, { diffId: sha256(zipped) }), failsWith('image.digest-mismatch'));
  await assert.rejects(unpack(zipped, { digest: sha256(tar) }), failsWith('image.digest-mismatch'));
});

test('trees that cannot be, and limits', async () => {
  const refused = (entries: TarFixture[]) => assert.rejects(unpack(layer(entries)), failsWith('image.not-an-image'));
  await refused([
    { name: 'file', content: 'x' },
    { name: 'file/below', content: 'x' },
  ]);
  await refused([
    { name: 'a', type: '2', link: 'b' },
    { name: 'b', type: '2', link: 'a' },
    { name: 'a/x', content: 'x' },
  ]);
  await refused([{ name: 'hard', type: '1', link: 'never-there' }]);
  await refused([{ name: 'x', content: 'x', pax: { path: 'n'.repeat(300) } }]);
  await refused([{ name: 'x', content: 'x', pax: { path: 'ab/'.repeat(2000) } }]);
  await refused([{ name: 'a/'.repeat(21), type: '5' }]);
  await refused(Array.from({ length: 51 }, (_, index) => ({ name: `f${index}` })));
  await refused([{ name: 'big', size: 1_000_001 }]);
  await refused([{ name: '.', content: 'x' }]);
});

test('attributes that a file cannot have are left out, hardlinks to folders refused', async () => {
  const pax = { 'SCHILY.xattr.user.note': 'x', 'SCHILY.xattr.nowhere.note': 'x' };
  await unpack(
    layer([
      { name: 'link', type: '2', link: 'there', pax },
      { name: 'file', content: 'x', pax },
    ]),
  );
  assert.equal(readlinkSync(at('link')), 'there');
  assert.equal(readFileSync(at('file'), 'utf8'), 'x');
  const linked = [
    { name: 'd/', type: '5', mode: 0o755 },
    { name: 'h', type: '1', link: 'd' },
  ];
  await assert.rejects(unpack(layer(linked)), failsWith('image.not-an-image'));
  const huge = { 'SCHILY.xattr.user.note': 'x'.repeat(70_000) };
  await assert.rejects(unpack(layer([{ name: 'big', content: 'x', pax: huge }])), failsWith('image.not-an-image'));
});

test('a cancelled job ends, and the thread takes the next', async () => {
  const cancelling = new AbortController();
  const tar = layer([{ name: 'file', content: 'x'.repeat(900_000) }]);
  const job = unpack(tar, {}, cancelling.signal);
  cancelling.abort();
  await assert.rejects(job, (error) => error instanceof EngineError && error.code === 'cancelled');
  rmSync(root, { recursive: true });
  mkdirSync(root);
  await unpack(tar);
  assert.ok(existsSync(at('file')));
});
