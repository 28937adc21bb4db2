import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileStamp, openBootMemo } from './boot-memo.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'beluga-memo-'));
after(() => rmSync(directory, { recursive: true }));
const file = path.join(directory, 'memo.json');
const never = () => Promise.reject(new Error('it is known'));

test('what was found is known to the next one, until its stamp changes', async () => {
  assert.equal(await openBootMemo(file).recall('version', 'a', async () => '1.8'), '1.8');
  assert.equal(await openBootMemo(file).recall('version', 'a', never), '1.8');
  await assert.rejects(openBootMemo(file).recall('version', 'b', never), /it is known/);
  await assert.rejects(openBootMemo(file).recall('other', 'a', never), /it is known/);
  assert.equal(await openBootMemo(file).recall('version', 'b', async () => '1.9'), '1.9');
  assert.equal(await openBootMemo(file).recall('version', 'b', never), '1.9');
});

test('another boot or a torn file knows nothing', async () => {
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/"boot":"./, '"boot":"x'));
  await assert.rejects(openBootMemo(file).recall('version', 'b', never), /it is known/);
  writeFileSync(file, text.slice(0, 20));
  await assert.rejects(openBootMemo(file).recall('version', 'b', never), /it is known/);
});

test('what cannot be kept is still answered', async () => {
  assert.equal(await openBootMemo(path.join(directory, 'none/memo.json')).recall('version', 'a', async () => 1), 1);
});

test('a file that was written anew has another stamp, also with the same size', () => {
  const program = path.join(directory, 'program');
  writeFileSync(program, 'one');
  const before = fileStamp(program);
  assert.equal(fileStamp(program), before);
  rmSync(program);
  writeFileSync(program, 'two');
  assert.notEqual(fileStamp(program), before);
});
