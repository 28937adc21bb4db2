import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { tarBytes } from '../testing/tar-bytes.ts';
import { TarError } from './tar-error.ts';
import { createTarParser, type TarEntry } from './tar-parser.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'beluga-sparse-'));
});
after(() => rmSync(directory, { recursive: true }));

/** Name -> content, and how many bytes of all were told as holes. */
function read(archive: Buffer, piece: number) {
  const files = new Map<string, Buffer>();
  let parts: Buffer[] = [];
  let current: TarEntry | undefined;
  let holes = 0;
  const parser = createTarParser({
    entry: (entry) => {
      current = entry;
      parts = [];
    },
    data: (chunk) => void parts.push(Buffer.from(chunk)),
    hole: (bytes) => {
      holes += bytes;
      parts.push(Buffer.alloc(bytes));
    },
    end: () => {
      assert.equal(Buffer.concat(parts).length, current?.size);
      files.set(current?.name ?? '', Buffer.concat(parts));
    },
  });
  for (let at = 0; at < archive.length; at += piece) parser.push(archive.subarray(at, at + piece));
  parser.finish();
  return { files, holes };
}

function makeFile(name: string, size: number, written: readonly number[]): Buffer {
  const file = openSync(path.join(directory, name), 'w');
  for (const at of written) writeSync(file, Buffer.alloc(4096, String(at)), 0, 4096, at);
  ftruncateSync(file, size);
  closeSync(file);
  return readFileSync(path.join(directory, name));
}

const block = 4096;
const many = Array.from({ length: 40 }, (_, index) => index * 4 * block);

test('what GNU tar wrote in each of its sparse forms is read as it was', () => {
  const long = `${'long-'.repeat(30)}name`;
  const made = new Map([
    ['begin', makeFile('begin', 100 * block, [0])],
    ['end', makeFile('end', 100 * block, [99 * block])],
    ['nothing', makeFile('nothing', 50 * block + 7, [])],
    ['many', makeFile('many', 200 * block + 100, many)],
    [long, makeFile(long, 30 * block, [8 * block])],
    ['plain', makeFile('plain', block, [0])],
  ]);
  const forms = [
    ['--format=oldgnu'],
    ['--format=gnu'],
    ...['0.0', '0.1', '1.0'].map((version) => ['--format=posix', `--sparse-version=${version}`]),
  ];
  for (const form of forms) {
    const args = ['-C', directory, '--sparse', '--hole-detection=raw', ...form, '-cf', '-', ...made.keys()];
    const archive = execFileSync('tar', args);
    for (const piece of [1 << 20, 513, 7]) {
      const { files, holes } = read(archive, piece);
      assert.ok(holes > 300 * block, form.join(' '));
      assert.deepEqual([...files.keys()], [...made.keys()]);
      for (const [name, content] of made) assert.ok(files.get(name)?.equals(content), `${name} ${form.join(' ')}`);
    }
  }
});

test('maps that lie are refused', () => {
  const sparse = (map: string, more: Record<string, string> = {}) =>
    tarBytes([
      {
        name: 'a',
        content: 'x'.repeat(10),
        pax: { 'GNU.sparse.size': '100', 'GNU.sparse.map': map, ...more },
      },
    ]);
  const refused = (archive: Buffer) =>
    assert.throws(
      () => read(archive, 1 << 20),
      (error) => error instanceof TarError && error.fault === 'not-a-tar',
    );
  assert.equal(read(sparse('5,10'), 1 << 20).files.get('a')?.length, 100);
  for (const map of [
    '5,11',
    '5,9',
    '95,10',
    '5,5,4,5',
    '5',
    '-5,10',
    '5,1e1',
    '0,99999999999999999',
    '9007199254740991,10',
  ])
    refused(sparse(map));
  refused(sparse('5,10', { 'GNU.sparse.size': '1' }));
  refused(sparse('5,10', { 'GNU.sparse.size': 'x' }));
  for (const content of ['1\n0\n', '999999999\n', '2\n0\n1\n', 'x\n', '1'.repeat(40), ''])
    refused(
      tarBytes([
        { name: 'a', content, pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '5' } },
      ]),
    );
});
