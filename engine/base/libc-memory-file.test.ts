import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { sealProgram } from './libc-memory-file.ts';

test('a sealed program runs, and nothing changes it any more', () => {
  const bytes = readFileSync('/bin/cat');
  const descriptor = sealProgram('cat', bytes);
  const file = `/proc/${process.pid}/fd/${descriptor}`;
  try {
    assert.deepEqual(execFileSync(file, ['/proc/self/comm'], { encoding: 'utf8' }), `${descriptor}\n`);
    assert.throws(() => writeFileSync(file, 'other', { flag: 'r+' }), { code: 'EPERM' });
    assert.throws(() => truncateSync(file, 10), { code: 'EPERM' });
    const writable = openSync(file, 'r+');
    closeSync(writable);
    assert.deepEqual(readFileSync(file), bytes);
  } finally {
    closeSync(descriptor);
  }
});
