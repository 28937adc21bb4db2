import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interfaceCounts, systemCpu } from './container-stats.ts';

test('the time of all processors is the first seven columns, in nanoseconds', () => {
  const stat = 'cpu  10 20 30 40 50 60 70 80 90 0\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\ncpufreq 7\n';
  assert.deepEqual(systemCpu(stat), { nanoseconds: 280 * 10_000_000, online: 2 });
});

test('interfaces by name, without the loopback', () => {
  const dev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0:    1296      16    1    2    0     0          0         0      446       5    3    4    0     0       0          0
`;
  assert.deepEqual(interfaceCounts(dev), {
    eth0: {
      received: { bytes: 1296, packets: 16, errors: 1, dropped: 2 },
      sent: { bytes: 446, packets: 5, errors: 3, dropped: 4 },
    },
  });
});
