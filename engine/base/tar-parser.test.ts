import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerBytes, type TarFixture, tarBytes, withChecksum } from '../testing/tar-bytes.ts';
import { TarError } from './tar-error.ts';
import { createTarParser, type TarEntry } from './tar-parser.ts';

type Read = TarEntry & { content: string };

function read(bytes: Uint8Array, piece = bytes.length): { entries: Read[]; marked: boolean } {
  const entries: Read[] = [];
  let chunks: Buffer[] = [];
  let last: TarEntry | undefined;
  const parser = createTarParser({
    entry: (entry) => {
      last = entry;
      chunks = [];
    },
    data: (chunk) => void chunks.push(Buffer.from(chunk)),
    end: () => {
      if (last) entries.push({ ...last, content: Buffer.concat(chunks).toString() });
    },
  });
  for (let at = 0; at < bytes.length; at += piece) parser.push(bytes.subarray(at, at + piece));
  return { entries, ...parser.finish() };
}

const faultOf = (fault: string) => (error: unknown) => error instanceof TarError && error.fault === fault;

test('entries come with all they say, however the stream is cut', () => {
  const fixtures: TarFixture[] = [
    { name: 'a/', type: '5', mode: 0o1777, uid: 1, gid: 2, modified: 5 },
    { name: 'a/file', content: 'x'.repeat(1000), mode: 0o4755 },
    { name: 'a/link', type: '2', link: '../b' },
    { name: 'null', type: '3', device: { major: 1, minor: 300 } },
    { name: 'pipe', type: '6' },
  ];
  const whole = read(tarBytes(fixtures));
  assert.equal(whole.marked, true);
  assert.deepEqual(
    whole.entries.map(({ name, type, mode, size }) => [name, type, mode, size]),
    [
      ['a/', 'directory', 0o1777, 0],
      ['a/file', 'file', 0o4755, 1000],
      ['a/link', 'symlink', 0o644, 0],
      ['null', 'character', 0o644, 0],
      ['pipe', 'fifo', 0o644, 0],
    ],
  );
  assert.equal(whole.entries[1]?.content, 'x'.repeat(1000));
  assert.equal(whole.entries[2]?.link, '../b');
  assert.deepEqual(whole.entries[3]?.device, { major: 1, minor: 300 });
  for (const piece of [1, 7, 512, 513]) assert.deepEqual(read(tarBytes(fixtures), piece), whole);
});

test('PAX: long names, size, owner, time with a fraction, attributes with any byte', () => {
  const name = `${'d'.repeat(120)}/${'ü'.repeat(100)}`;
  const value = Buffer.from([1, 0, 0x0a, 0x3d, 255]);
  const { entries } = read(
    tarBytes([
      {
        name: 'short',
        content: 'hello',
        size: 0o7,
        pax: {
          path: name,
          size: '5',
          uid: '3000000',
          mtime: '1700000000.25',
          'SCHILY.xattr.user.one': value,
          'SCHILY.xattr.user.two': 'two',
        },
      },
      { name: 'old', pax: { mtime: '-1.5' } },
    ]),
  );
  const [first, second] = entries;
  assert.equal(Buffer.from(first?.name ?? '', 'latin1').toString(), name);
  assert.equal(first?.content, 'hello');
  assert.equal(first?.uid, 3_000_000);
  assert.deepEqual(first?.modified, { seconds: 1_700_000_000, nanoseconds: 250_000_000 });
  assert.deepEqual(
    first?.attributes.map((attribute) => [attribute.name, Buffer.from(attribute.value).toString('hex')]),
    [
      ['user.one', value.toString('hex')],
      ['user.two', Buffer.from('two').toString('hex')],
    ],
  );
  assert.deepEqual(second?.modified, { seconds: -2, nanoseconds: 500_000_000 });
  assert.deepEqual(second?.attributes, []);
});

test('GNU: long name, long link, base-256 numbers; ustar prefix', () => {
  const name = 'n'.repeat(300);
  const big = headerBytes({ name: 'big' }, 0);
  big.fill(0, 108, 116);
  big[108] = 0x80;
  big.writeUInt32BE(4_000_000_000, 112);
  const prefixed = headerBytes({ name: 'file' }, 0);
  prefixed.write('dir/sub', 345);
  const { entries } = read(
    Buffer.concat([
      tarBytes([{ name: '././@LongLink', type: 'L', content: `${name}\0` }], { end: false }),
      tarBytes([{ name: '././@LongLink', type: 'K', content: `${name}/target\0` }], { end: false }),
      tarBytes([{ name: 'cut', type: '2', link: 'cut' }], { end: false }),
      withChecksum(big),
      withChecksum(prefixed),
      Buffer.alloc(1024),
    ]),
  );
  assert.equal(entries[0]?.name, name);
  assert.equal(entries[0]?.link, `${name}/target`);
  assert.equal(entries[1]?.uid, 4_000_000_000);
  assert.equal(entries[2]?.name, 'dir/sub/file');
});

test('what is cut, no tar, damaged or too much is told apart', () => {
  const good = tarBytes([{ name: 'a', content: 'x'.repeat(600) }], { end: false });
  assert.throws(() => read(good.subarray(0, 100)), faultOf('not-a-tar'));
  assert.throws(() => read(good.subarray(0, 512 + 599)), faultOf('truncated'));
  assert.doesNotThrow(() => read(good.subarray(0, 512 + 700)), 'only the padding is missing');
  assert.throws(() => read(Buffer.concat([good, good.subarray(0, 80)])), faultOf('truncated'));
  assert.equal(read(good).marked, false);
  assert.throws(() => read(Buffer.alloc(0)), faultOf('not-a-tar'));
  assert.throws(() => read(Buffer.from('#!/bin/sh\n'.repeat(100))), faultOf('not-a-tar'));
  const damaged = Buffer.concat([good, headerBytes({ name: 'b' }, 0)]);
  damaged[good.length] = 0x21;
  assert.throws(() => read(damaged), faultOf('not-a-tar'));
  assert.throws(() => read(headerBytes({ name: 'x', type: 'L' }, 2 ** 30)), faultOf('unsupported'));
  assert.throws(() => read(tarBytes([{ name: 'sparse', type: 'S' }])), faultOf('unsupported'));
  assert.throws(() => read(tarBytes([{ name: 'a', pax: { size: '-5' } }])), faultOf('not-a-tar'));
});

test('PAX records that other readers refuse are refused', () => {
  const damaged = { size: ['1e1', '', '0x2'], uid: ['root'], mtime: ['9'.repeat(20)] };
  for (const [key, values] of Object.entries(damaged)) {
    for (const value of values) {
      const bytes = tarBytes([{ name: 'a', content: 'x', pax: { [key]: value } }]);
      assert.throws(() => read(bytes), faultOf('not-a-tar'), `${key}=${value}`);
    }
  }
  const sparse = { 'GNU.sparse.size': '1000', 'GNU.sparse.numblocks': '1' };
  assert.throws(() => read(tarBytes([{ name: 'a', content: 'x', pax: sparse }])), faultOf('unsupported'));
});
