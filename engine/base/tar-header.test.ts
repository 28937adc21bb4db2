import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tarEnd, tarHeader, tarPadding } from './tar-header.ts';
import { createTarParser, type TarEntry } from './tar-parser.ts';

test('entries are read as they were written, those beyond 8 GiB too', () => {
  const entries: TarEntry[] = [];
  const parser = createTarParser({ entry: (entry) => entries.push(entry), data: () => {}, end: () => {} });
  const content = Buffer.from('four');
  parser.push(tarHeader({ name: 'blobs/', type: 'directory', size: 0, modified: 5 }));
  parser.push(tarHeader({ name: `blobs/${'x'.repeat(94)}`, type: 'file', size: 4, modified: 1_700_000_000 }));
  for (const part of [content, tarPadding(4), tarEnd()]) parser.push(part);
  assert.deepEqual(parser.finish(), { marked: true });
  assert.deepEqual(
    entries.map(({ name, type, size, mode, uid, modified }) => [name, type, size, mode, uid, modified.seconds]),
    [
      ['blobs/', 'directory', 0, 0o755, 0, 5],
      [`blobs/${'x'.repeat(94)}`, 'file', 4, 0o644, 0, 1_700_000_000],
    ],
  );
  const [long] = [2 ** 33, 2 ** 40 + 7].map((size) => {
    const found: TarEntry[] = [];
    const one = createTarParser({ entry: (entry) => found.push(entry), data: () => {}, end: () => {} });
    one.push(tarHeader({ name: 'long', type: 'file', size, modified: 0 }));
    assert.equal(found[0]?.size, size);
    return found;
  });
  assert.equal(long?.length, 1);
  assert.throws(() => tarHeader({ name: 'x'.repeat(101), type: 'file', size: 0, modified: 0 }), RangeError);
  assert.equal(tarPadding(512).length, 0);
});
