import assert from 'node:assert/strict';
import { linkSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { allocatedBytes } from './allocated-bytes.ts';

test('blocks of files and directories: a hardlinked file once, a sparse one by what it takes, nothing for what is not there', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'beluga-allocated-'));
  try {
    const [one, two, gone] = ['one', 'two\n', 'gone'].map((name) => path.join(root, name)) as [string, string, string];
    mkdirSync(path.join(one, 'deep'), { recursive: true });
    mkdirSync(two);
    writeFileSync(path.join(one, 'file'), Buffer.alloc(100_000, 1));
    linkSync(path.join(one, 'file'), path.join(one, 'deep/link'));
    writeFileSync(path.join(one, 'sparse'), '');
    truncateSync(path.join(one, 'sparse'), 50_000_000);
    const blocks = (...names: string[]) => names.reduce((sum, name) => sum + statSync(name).blocks * 512, 0);
    const expected = blocks(one, path.join(one, 'deep'), path.join(one, 'file'), path.join(one, 'sparse'));
    assert.ok(expected >= 100_000 && expected < 1_000_000);
    const found = await allocatedBytes([one, two, gone]);
    assert.deepEqual([...found.values()], [expected, blocks(two), 0]);
    assert.equal((await allocatedBytes([])).size, 0);
  } finally {
    rmSync(root, { recursive: true });
  }
});
