import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readMountTable } from '../../engine/drivers/mounts/mount-table.ts';
import { openCgroupV2 } from '../../engine/drivers/oci/cgroups/cgroup-v2.ts';
import { waitUntil } from '../wait-until.ts';

const unified = readMountTable().find(({ type }) => type === 'cgroup2')?.target;

test('cgroup v2 of a real kernel: what is frozen stands still, and its time is counted', {
  skip: unified === undefined && 'probe cgroup2: this host has mounted none',
}, async () => {
  const directory = path.join(unified ?? '', `beluga-freezer-${process.pid}`);
  mkdirSync(directory);
  const child = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  try {
    writeFileSync(path.join(directory, 'cgroup.procs'), String(child.pid));
    const cgroup = openCgroupV2(directory);
    await waitUntil('it has computed', () => cgroup.stats().cpu.total > 0);
    await cgroup.freeze();
    assert.equal(cgroup.frozen(), true);
    const { total } = cgroup.stats().cpu;
    assert.equal(cgroup.stats().cpu.total, total);
    assert.deepEqual(cgroup.processes(), [child.pid]);
    cgroup.thaw();
    assert.equal(cgroup.frozen(), false);
    await waitUntil('it computes again', () => cgroup.stats().cpu.total > total);
  } finally {
    child.kill('SIGKILL');
    await ended;
    await waitUntil('the cgroup is empty', () => openCgroupV2(directory).processes().length === 0);
    rmdirSync(directory);
  }
});
