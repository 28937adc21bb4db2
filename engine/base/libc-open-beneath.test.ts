import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { makeDirectoriesInRoot } from './libc-open-beneath.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'beluga-in-root-'));
const root = path.join(folder, 'root');
const outside = path.join(folder, 'outside');
beforeEach(() => {
  for (const directory of [root, outside]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
  }
});
after(() => rmSync(folder, { recursive: true }));

const isDirectory = (name: string) => lstatSync(path.join(root, name)).isDirectory();

test('a directory with those above it; what is there stays', () => {
  mkdirSync(path.join(root, 'there'), { mode: 0o700 });
  makeDirectoriesInRoot(root, '/there/a/b');
  makeDirectoriesInRoot(root, 'c');
  makeDirectoriesInRoot(root, '/there/a/b');
  assert.ok(isDirectory('there/a/b') && isDirectory('c'));
  assert.equal(statSync(path.join(root, 'there')).mode & 0o777, 0o700);
});

test('symlinks and .. do not lead out', () => {
  mkdirSync(path.join(root, outside), { recursive: true });
  symlinkSync(outside, path.join(root, 'absolute'));
  symlinkSync(`${'../'.repeat(20)}${outside.slice(1)}`, path.join(root, 'relative'));
  makeDirectoriesInRoot(root, '/absolute/one');
  makeDirectoriesInRoot(root, '/relative/two');
  makeDirectoriesInRoot(root, '/../../three');
  assert.deepEqual(readdirSync(outside), []);
  assert.deepEqual(readdirSync(path.join(root, outside)), ['one', 'two']);
  assert.ok(isDirectory('three'));
});

test('a file or a link to nowhere on the way is refused and stays', () => {
  writeFileSync(path.join(root, 'file'), 'x');
  symlinkSync(path.join(outside, 'nowhere'), path.join(root, 'dangling'));
  assert.throws(() => makeDirectoriesInRoot(root, '/file/a'), { code: 'ENOTDIR' });
  assert.throws(() => makeDirectoriesInRoot(root, '/dangling/a'), { code: 'ENOENT' });
  assert.deepEqual(readdirSync(outside), []);
  assert.deepEqual(readdirSync(root).sort(), ['dangling', 'file']);
});
