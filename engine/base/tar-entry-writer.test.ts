import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { tarEntryHeader } from './tar-entry-writer.ts';
import { tarEnd, tarPadding } from './tar-header.ts';
import { createTarParser, type TarEntry } from './tar-parser.ts';

const plain: TarEntry = {
  name: 'a',
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  modified: { seconds: 1, nanoseconds: 0 },
  link: '',
  device: { major: 0, minor: 0 },
  attributes: [],
};
const entries: TarEntry[] = [
  plain,
  { ...plain, name: 'x'.repeat(300), mode: 0o4751, uid: 3_000_000, gid: 7, modified: { seconds: 5, nanoseconds: 42 } },
  { ...plain, name: 'b\xc3\xa4', modified: { seconds: -3, nanoseconds: 250_000_000 } },
  { ...plain, name: 'l', type: 'symlink', link: `/${'y'.repeat(120)}` },
  { ...plain, name: 'd/', type: 'directory', mode: 0o1777 },
  { ...plain, name: 'c', type: 'character', device: { major: 1, minor: 3 } },
  {
    ...plain,
    name: 'k',
    attributes: [
      { name: 'security.capability', value: Buffer.from([1, 0, 10, 61, 255]) },
      { name: 'user.long', value: Buffer.alloc(997, 65) },
    ],
  },
];

test('what is written is read again, and tar(1) lists it', () => {
  const archive = Buffer.concat([...entries.map(tarEntryHeader), tarEnd()]);
  const read: TarEntry[] = [];
  const parser = createTarParser({ entry: (entry) => read.push(entry), data: () => {}, end: () => {} });
  parser.push(archive);
  assert.deepEqual(parser.finish(), { marked: true });
  const comparable = (list: readonly TarEntry[]) =>
    list.map((entry) => ({
      ...entry,
      attributes: entry.attributes.map(({ name, value }) => [name, Buffer.from(value).toString('hex')]),
    }));
  assert.deepEqual(comparable(read), comparable(entries));
  const listed = execFileSync('tar', ['--list', '--numeric-owner', '--verbose'], { input: archive }).toString();
  assert.match(listed, /-rws\S+ 3000000\/7 /);
  assert.equal(listed.trim().split('\n').length, entries.length);
});

test('a size beyond 8 GiB has a record of its own', () => {
  const size = 9 * 2 ** 30;
  const seen: number[] = [];
  createTarParser({ entry: (entry) => seen.push(entry.size), data: () => {}, end: () => {} }).push(
    tarEntryHeader({ ...plain, size }),
  );
  assert.deepEqual(seen, [size]);
  assert.equal(tarPadding(size).length, 0);
});
