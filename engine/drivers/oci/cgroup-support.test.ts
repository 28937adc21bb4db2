import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { supportV1, supportV2 } from './cgroup-support.ts';

test('v2: what its controllers and the files of its children say', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'beluga-support-'));
  writeFileSync(path.join(root, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
  writeFileSync(path.join(root, 'cpuset.cpus.effective'), '0-3\n');
  mkdirSync(path.join(root, 'system.slice'));
  const before = supportV2(root);
  assert.deepEqual(
    [before.memoryLimit, before.swapLimit, before.blockRates, before.blockWeight],
    [true, false, true, false],
  );
  for (const file of ['memory.swap.max', 'io.weight']) writeFileSync(path.join(root, 'system.slice', file), '');
  const { swapLimit, blockWeight, oomKillDisable, memorySwappiness, cpuRealtime, cpus } = supportV2(root);
  assert.deepEqual([swapLimit, blockWeight, cpus], [true, true, '0-3']);
  // v2 has none of these
  assert.deepEqual([oomKillDisable, memorySwappiness, cpuRealtime], [false, false, false]);
  rmSync(root, { recursive: true });
});

test('v2: controllers are given to the children; where there is none, one is made to look at, and goes', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'beluga-support-'));
  writeFileSync(path.join(root, 'cgroup.controllers'), 'io memory\n');
  writeFileSync(path.join(root, 'cgroup.subtree_control'), 'memory\n');
  assert.equal(supportV2(root).swapLimit, false);
  assert.deepEqual(readdirSync(root).toSorted(), ['cgroup.controllers', 'cgroup.subtree_control']);
  assert.match(readFileSync(path.join(root, 'cgroup.subtree_control'), 'utf8'), /^\+io/);
  rmSync(root, { recursive: true });
});

test('v1: a controller that is not mounted limits nothing', () => {
  const { memoryLimit, cpuShares, cpuset, pidsLimit, blockWeight } = supportV1(new Map());
  assert.deepEqual([memoryLimit, cpuShares, cpuset, pidsLimit, blockWeight], [false, false, false, false, false]);
});
