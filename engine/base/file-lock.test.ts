import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { isLock, lockFile } from './file-lock.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'beluga-lock-'));
after(() => rmSync(directory, { recursive: true }));

test('one has the lock, the next is told who; released it is free', () => {
  const file = path.join(directory, 'lock');
  const first = lockFile(file);
  assert.ok(isLock(first));
  const second = lockFile(file);
  assert.ok(!isLock(second));
  assert.equal(second.pid, process.pid);
  first.release();
  const third = lockFile(file);
  assert.ok(isLock(third));
  third.release();
});
