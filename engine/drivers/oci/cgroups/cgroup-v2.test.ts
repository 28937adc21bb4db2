import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { writeRecordedFiles } from '../../../testing/recordings.ts';
import { openCgroupV2 } from './cgroup-v2.ts';
import { type CgroupSubject, cgroupConformance } from './container-cgroup.conformance.ts';

/** The one thing a kernel does by itself here: `cgroup.events` follows `cgroup.freeze`. */
function followFreezer(directory: string): () => void {
  const read = (file: string) => readFileSync(path.join(directory, file), 'utf8').trim();
  const watcher = watch(path.join(directory, 'cgroup.freeze'), () => {
    const frozen = read('cgroup.freeze');
    if (/^[01]$/.test(frozen)) writeFileSync(path.join(directory, 'cgroup.events'), `populated 1\nfrozen ${frozen}\n`);
  });
  return () => watcher.close();
}

function makeFolder(): { directory: string; remove(): Promise<void> } {
  const directory = mkdtempSync(path.join(tmpdir(), 'beluga-cgroup2-'));
  writeRecordedFiles(directory, 2, 'second');
  const close = followFreezer(directory);
  return {
    directory,
    async remove() {
      close();
      rmSync(directory, { recursive: true });
    },
  };
}

cgroupConformance('cgroup v2, on recorded files', async (): Promise<CgroupSubject> => {
  const { directory, remove } = makeFolder();
  const read = (file: string) => readFileSync(path.join(directory, file), 'utf8').trim();
  return {
    cgroup: openCgroupV2(directory),
    members: [102, 111],
    limits() {
      const [quota, period] = read('cpu.max').split(' ').map(Number);
      const memory = Number(read('memory.max'));
      return {
        memory,
        memoryAndSwap: memory + Number(read('memory.swap.max')),
        cpuQuota: quota ?? 0,
        cpuPeriod: period ?? 0,
        cpus: read('cpuset.cpus'),
        pids: Number(read('pids.max')),
      };
    },
    remove,
  };
});

test('every figure from its file, in our units', async () => {
  const { directory, remove } = makeFolder();
  const { values, ...memory } = openCgroupV2(directory).stats().memory;
  const { cpu, io, pids } = openCgroupV2(directory).stats();
  assert.deepEqual(cpu, {
    total: 6_092_595_000,
    kernel: 2_787_971_000,
    user: 3_304_623_000,
    periods: 121,
    throttledPeriods: 120,
    throttledTime: 5_999_072_000,
  });
  assert.deepEqual(memory, { usageBytes: 26_943_488, limitBytes: 67_108_864, failures: 1 });
  assert.equal(values.inactive_file, 25_313_280);
  assert.deepEqual(io, {
    bytes: [
      { major: 254, minor: 0, operation: 'read', value: 16_937_984 },
      { major: 254, minor: 0, operation: 'write', value: 8_424_448 },
    ],
    operations: [
      { major: 254, minor: 0, operation: 'read', value: 147 },
      { major: 254, minor: 0, operation: 'write', value: 72 },
    ],
  });
  assert.deepEqual(pids, { current: 2, limit: 40 });
  await remove();
});

test('a device without counts, no limits, and processes in cgroups below', async () => {
  const { directory, remove } = makeFolder();
  // written by hand: a loop device that nobody used, beside one that somebody did
  writeFileSync(path.join(directory, 'io.stat'), '7:0 \n253:1 rbytes=8192 wbytes=0 rios=2 wios=0 dbytes=0 dios=0\n');
  for (const file of ['memory.max', 'pids.max']) writeFileSync(path.join(directory, file), 'max\n');
  mkdirSync(path.join(directory, 'below'));
  writeFileSync(path.join(directory, 'below/cgroup.procs'), '4251\n');
  const cgroup = openCgroupV2(directory);
  const { io, memory, pids } = cgroup.stats();
  assert.deepEqual(
    io.bytes.map(({ major, value }) => [major, value]),
    [
      [253, 8192],
      [253, 0],
    ],
  );
  assert.deepEqual([memory.limitBytes, pids.limit], [undefined, undefined]);
  assert.deepEqual(cgroup.processes().toSorted(), [102, 111, 4251]);
  await remove();
});

test('of a frozen one the kernel says so, and its time stands still', () => {
  const totals = (['second', 'frozen', 'still-frozen'] as const).map((sample) => {
    const directory = mkdtempSync(path.join(tmpdir(), 'beluga-cgroup2-'));
    writeRecordedFiles(directory, 2, sample);
    const cgroup = openCgroupV2(directory);
    assert.equal(cgroup.frozen(), sample !== 'second');
    const { total } = cgroup.stats().cpu;
    rmSync(directory, { recursive: true });
    return total;
  });
  assert.deepEqual(totals, [6_092_595_000, 6_520_398_000, 6_520_398_000]);
});

test('shares become a weight, swap is counted alone, no limit is max', async () => {
  const { directory, remove } = makeFolder();
  const cgroup = openCgroupV2(directory);
  const read = (file: string) => readFileSync(path.join(directory, file), 'utf8').trim();
  for (const [shares, weight] of [
    [2, '1'],
    [1024, '39'],
    [262_144, '10000'],
  ] as const) {
    cgroup.update({ cpu: { shares } });
    assert.equal(read('cpu.weight'), weight);
  }
  cgroup.update({ memory: { limit: 1000, reservation: 500, swap: 1500 } });
  assert.deepEqual([read('memory.max'), read('memory.low'), read('memory.swap.max')], ['1000', '500', '500']);
  cgroup.update({ memory: { swap: 1200 } });
  assert.equal(read('memory.swap.max'), '200', 'the memory limit that stands is taken off');
  cgroup.update({ memory: { swap: -1 }, cpu: { quota: 20_000, period: 50_000 } });
  assert.deepEqual([read('memory.swap.max'), read('cpu.max')], ['max', '20000 50000']);
  cgroup.update({ cpu: { quota: -1 } });
  assert.equal(read('cpu.max'), 'max 50000');
  await remove();
});

test('block devices: weight and rates as io.weight and io.max have them', async () => {
  const { directory, remove } = makeFolder();
  const read = (file: string) => readFileSync(path.join(directory, file), 'utf8').trim();
  for (const file of ['io.weight', 'io.max']) writeFileSync(path.join(directory, file), '');
  const cgroup = openCgroupV2(directory, ({ minor }) => (minor === 0 ? 'io.weight' : undefined));
  for (const [weight, written] of [
    [10, '1'],
    [500, '4950'],
    [1000, '10000'],
  ] as const) {
    cgroup.update({ blockIO: { weight } });
    assert.equal(read('io.weight'), written);
  }
  cgroup.update({ blockIO: { weightDevice: [{ major: 8, minor: 0, weight: 1000 }] } });
  assert.equal(read('io.weight'), '8:0 10000');
  assert.throws(() => cgroup.update({ blockIO: { weightDevice: [{ major: 8, minor: 1, weight: 1000 }] } }), {
    code: 'invalid',
    message: /^the block device 8:1 has no weights: its scheduler is not bfq/,
  });
  cgroup.update({ blockIO: { throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 77 }] } });
  assert.equal(read('io.max'), '8:16 wiops=77');
  cgroup.update({ blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 0 }] } });
  assert.equal(read('io.max'), '8:0 rbps=max');
  writeFileSync(path.join(directory, 'io.bfq.weight'), '100');
  cgroup.update({ blockIO: { weight: 300 } });
  assert.equal(read('io.bfq.weight'), '300');
  openCgroupV2(directory, () => 'io.bfq.weight').update({
    blockIO: { weightDevice: [{ major: 8, minor: 0, weight: 20 }] },
  });
  assert.equal(read('io.bfq.weight'), '8:0 20');
  await remove();
});
