import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openCgroupV1 } from '../../drivers/oci/cgroups/cgroup-v1.ts';
import { openCgroupV2 } from '../../drivers/oci/cgroups/cgroup-v2.ts';
import type { StatsSample } from '../../services/containers/container-service.ts';
import { interfaceCounts, systemCpu } from '../../services/containers/container-stats.ts';
import { recordedFiles, type Sample, writeRecordedFiles } from '../../testing/recordings.ts';
import { statsToWire } from './stats.ts';

function sampleOf(version: 1 | 2, sample: Sample, time: Date): StatsSample {
  const directory = mkdtempSync(path.join(tmpdir(), 'beluga-recorded-'));
  try {
    writeRecordedFiles(directory, version, sample);
    const files = recordedFiles(version, sample);
    const { nanoseconds, online } = systemCpu(files.get('proc/stat') ?? '');
    const v1 = () => openCgroupV1((controller) => path.join(directory, controller));
    return {
      time,
      cgroup: (version === 1 ? v1() : openCgroupV2(directory)).stats(),
      systemCpuNanoseconds: nanoseconds,
      onlineCpus: online,
      hostMemoryBytes: Number(/^MemTotal: +(\d+) kB/.exec(files.get('proc/meminfo') ?? '')?.[1]) * 1024,
      interfaces: interfaceCounts(files.get('proc/net/dev') ?? ''),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What the API says of the recording's second sample, after its first. */
function recordedStats(version: 1 | 2) {
  return statsToWire({
    id: 'f'.repeat(64),
    name: 'rec',
    previous: sampleOf(version, 'first', new Date(1000)),
    current: sampleOf(version, 'second', new Date(3000)),
  });
}

/**
 * The formulas of Docker's API ("Export container stats based on resource usage") and, for the memory in use, of its
 * documentation of `docker stats`: the cache is `total_inactive_file` in cgroup v1, `inactive_file` in v2.
 */
function reckon({ cpu_stats: now, precpu_stats: before, memory_stats: memory }: ReturnType<typeof recordedStats>) {
  assert.ok('usage' in memory && memory.stats && memory.usage && memory.limit);
  const cpuDelta = (now.cpu_usage?.total_usage ?? 0) - (before.cpu_usage?.total_usage ?? 0);
  const systemDelta = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const used = memory.usage - (memory.stats.total_inactive_file ?? memory.stats.inactive_file ?? 0);
  return {
    cpuDelta,
    systemDelta,
    cpuPercent: ((cpuDelta / systemDelta) * (now.online_cpus ?? 0) * 100).toFixed(2),
    used,
    memoryPercent: ((used / memory.limit) * 100).toFixed(2),
  };
}

test('cgroup v1, a real container: Docker’s fields and formulas', () => {
  const stats = recordedStats(1);
  assert.deepEqual(reckon(stats), {
    // 4 691 590 988 - 3 453 201 338; 199 344 - 198 909 ticks of 10 ms; x 2 processors
    cpuDelta: 1_238_389_650,
    systemDelta: 4_350_000_000,
    cpuPercent: '56.94',
    // 9 289 728 - 3 706 880, of 64 MiB
    used: 5_582_848,
    memoryPercent: '8.32',
  });
  const { stats: _, ...memory } = stats.memory_stats as { stats: object };
  assert.deepEqual(memory, { usage: 9_289_728, max_usage: 67_108_864, failcnt: 2241, limit: 67_108_864 });
  const { cpu_usage, throttling_data, online_cpus } = stats.cpu_stats;
  assert.deepEqual(cpu_usage, {
    total_usage: 4_691_590_988,
    percpu_usage: [1_658_731_218, 3_034_979_710],
    usage_in_kernelmode: 120_000_000,
    usage_in_usermode: 4_560_000_000,
  });
  assert.deepEqual(throttling_data, { periods: 102, throttled_periods: 85, throttled_time: 2_152_226_156 });
  assert.equal(online_cpus, 2);
  assert.deepEqual(stats.pids_stats, { current: 2, limit: 40 });
  const counts = stats.blkio_stats.io_service_bytes_recursive?.map(({ op, value }) => [op, value]);
  assert.deepEqual(counts, [
    ['Read', 8_847_360],
    ['Write', 2_097_152],
    ['Sync', 10_944_512],
    ['Async', 0],
    ['Discard', 0],
    ['Total', 10_944_512],
  ]);
  assert.deepEqual(stats.networks, {
    eth0: {
      ...{ rx_bytes: 474, rx_packets: 7, rx_errors: 0, rx_dropped: 0 },
      ...{ tx_bytes: 378, tx_packets: 5, tx_errors: 0, tx_dropped: 0 },
    },
  });
});

test('cgroup v2, a real kernel: Docker’s fields and formulas', () => {
  const stats = recordedStats(2);
  assert.deepEqual(reckon(stats), {
    // (6 092 595 - 4 340 131) us; 3005 - 2412 ticks of 10 ms; x 2 processors
    cpuDelta: 1_752_464_000,
    systemDelta: 5_930_000_000,
    cpuPercent: '59.11',
    // 26 943 488 - 25 313 280, of 64 MiB
    used: 1_630_208,
    memoryPercent: '2.43',
  });
  const { stats: _, ...memory } = stats.memory_stats as { stats: object };
  // failcnt is `oom` of memory.events
  assert.deepEqual(memory, { usage: 26_943_488, failcnt: 1, limit: 67_108_864 });
  assert.deepEqual(stats.cpu_stats, {
    cpu_usage: {
      total_usage: 6_092_595_000,
      usage_in_kernelmode: 2_787_971_000,
      usage_in_usermode: 3_304_623_000,
    },
    system_cpu_usage: 30_050_000_000,
    online_cpus: 2,
    throttling_data: { periods: 121, throttled_periods: 120, throttled_time: 5_999_072_000 },
  });
  assert.deepEqual(stats.pids_stats, { current: 2, limit: 40 });
  assert.deepEqual(stats.blkio_stats.io_service_bytes_recursive, [
    { major: 254, minor: 0, op: 'read', value: 16_937_984 },
    { major: 254, minor: 0, op: 'write', value: 8_424_448 },
  ]);
  assert.equal('networks' in stats, false, 'only the loopback');
});
