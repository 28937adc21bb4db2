import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerStatsResponse } from '@docker/node-sdk';
import { cpuPercent, createStatsFigures, memoryUsed } from './stats-figures.ts';

/** In the form that dockerd gives them on cgroup v1, with figures that are easy to reckon; only what is read. */
const v1 = {
  read: '2026-01-01T00:00:01.000000000Z',
  preread: '2026-01-01T00:00:00.000000000Z',
  pids_stats: { current: 3 },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 254, minor: 0, op: 'Read', value: 4_096_000 },
      { major: 254, minor: 0, op: 'Write', value: 1_024_000 },
      { major: 254, minor: 0, op: 'Sync', value: 5_120_000 },
      { major: 254, minor: 0, op: 'Total', value: 5_120_000 },
      { major: 7, minor: 1, op: 'Read', value: 1000 },
    ],
  },
  cpu_stats: {
    cpu_usage: { total_usage: 11_215_302_644, percpu_usage: [5_607_651_322, 5_607_651_322] },
    system_cpu_usage: 88_412_340_000_000,
  },
  precpu_stats: {
    cpu_usage: { total_usage: 10_215_302_644, percpu_usage: [5_107_651_322, 5_107_651_322] },
    system_cpu_usage: 88_410_340_000_000,
  },
  memory_stats: {
    usage: 6_537_216,
    max_usage: 6_651_904,
    limit: 67_108_864,
    stats: { inactive_file: 1, total_inactive_file: 2_027_520, cache: 2_000_000 },
  },
  networks: { eth0: { rx_bytes: 1000, tx_bytes: 500 }, eth1: { rx_bytes: 24, tx_bytes: 12 } },
};

/** Likewise on cgroup v2. */
const v2 = {
  ...v1,
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 254, minor: 0, op: 'read', value: 8192 },
      { major: 254, minor: 0, op: 'write', value: 4096 },
    ],
  },
  cpu_stats: { cpu_usage: { total_usage: 504_112_000 }, system_cpu_usage: 97_310_000_000, online_cpus: 4 },
  precpu_stats: { cpu_usage: { total_usage: 4_112_000 }, system_cpu_usage: 93_310_000_000, online_cpus: 4 },
  memory_stats: { usage: 5_513_216, limit: 8_332_816_384, stats: { anon: 217_088, inactive_file: 3_145_728 } },
};

const raw = (stats: object) => stats as ContainerStatsResponse;

test('processor: the share of the machine, times its processors', () => {
  assert.equal(cpuPercent(raw(v1)), 100);
  assert.equal(cpuPercent(raw(v2)), 50);
  assert.equal(cpuPercent(raw({ ...v2, precpu_stats: v2.cpu_stats })), 0);
  assert.equal(cpuPercent(raw({ ...v2, precpu_stats: { cpu_usage: { total_usage: 0 } } })), undefined);
});

test('memory: without the cache that can be given back', () => {
  assert.equal(memoryUsed(raw(v1)), 6_537_216 - 2_027_520);
  assert.equal(memoryUsed(raw(v2)), 5_513_216 - 3_145_728);
  assert.equal(memoryUsed(raw({ memory_stats: { usage: 100, stats: { inactive_file: 200 } } })), 100);
  assert.equal(memoryUsed(raw({ memory_stats: {} })), 0);
});

test('the real containers of engine/testing/recordings, as docker stats would show them', () => {
  const processor = (total: number, system: number) => ({
    cpu_usage: { total_usage: total },
    system_cpu_usage: system,
    online_cpus: 2,
  });
  const recorded = (now: [number, number], before: [number, number], memory: object) =>
    raw({ cpu_stats: processor(...now), precpu_stats: processor(...before), memory_stats: memory });
  const first = recorded([4_691_590_988, 1_993_440_000_000], [3_453_201_338, 1_989_090_000_000], {
    usage: 9_289_728,
    stats: { cache: 8_855_552, inactive_file: 3_706_880, total_inactive_file: 3_706_880 },
  });
  assert.deepEqual([cpuPercent(first)?.toFixed(2), memoryUsed(first)], ['56.94', 5_582_848]);
  const second = recorded([6_092_595_000, 30_050_000_000], [4_340_131_000, 24_120_000_000], {
    usage: 26_943_488,
    stats: { file: 25_354_240, inactive_file: 25_313_280 },
  });
  assert.deepEqual([cpuPercent(second)?.toFixed(2), memoryUsed(second)], ['59.11', 1_630_208]);
});

test('the first sample has no rates; the next ones count by the time between them', () => {
  for (const [stats, read] of [
    [v1, 4_097_000],
    [v2, 8192],
  ] as const) {
    const figures = createStatsFigures();
    const first = figures(raw(stats));
    assert.deepEqual([first?.cpu, first?.network, first?.disk, first?.pids], [undefined, undefined, undefined, 3]);
    const later = {
      ...stats,
      read: '2026-01-01T00:00:03.000000000Z',
      blkio_stats: { io_service_bytes_recursive: [{ op: stats === v1 ? 'Read' : 'read', value: read + 2000 }] },
      networks: { eth0: { rx_bytes: 3024, tx_bytes: 512 } },
    };
    const second = figures(raw(later));
    assert.deepEqual(second?.network, { received: 1000, sent: 0 });
    // written went from something to nothing: a counter that began anew
    assert.deepEqual(second?.disk, { read: 1000, written: 0 });
    assert.equal(second?.cpu, cpuPercent(raw(stats)));
  }
});

test('without a network of its own it says so; while it does not run it says nothing, and begins anew', () => {
  const figures = createStatsFigures();
  const { networks: _, ...alone } = v2;
  assert.equal(figures(raw(alone))?.network, 'none');
  const stopped = { read: '0001-01-01T00:00:00Z', pids_stats: {}, cpu_stats: { cpu_usage: { total_usage: 0 } } };
  assert.equal(figures(raw(stopped)), undefined);
  assert.equal(figures(raw({ ...v2, read: '2026-01-01T00:01:00Z' }))?.disk, undefined);
});
