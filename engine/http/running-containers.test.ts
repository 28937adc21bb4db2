import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createChannel } from '../base/channel.ts';
import type { ContainerStats, StatsSample } from '../services/containers/container-service.ts';
import { containerDetails } from '../testing/door-services.ts';
import { ask, openDoor } from '../testing/open-door.ts';

const sample = (total: number): StatsSample => ({
  time: new Date(1_700_000_000_000 + total),
  cgroup: {
    cpu: { total, kernel: 1, user: 2, periods: 3, throttledPeriods: 4, throttledTime: 5 },
    memory: { usageBytes: 1000, limitBytes: 2 ** 40, failures: 0, values: { inactive_file: 300 } },
    io: { bytes: [{ major: 8, minor: 0, operation: 'Read', value: 4096 }], operations: [] },
    pids: { current: 2 },
  },
  systemCpuNanoseconds: total * 10,
  onlineCpus: 2,
  hostMemoryBytes: 8000,
  interfaces: {
    eth0: {
      received: { bytes: 1, packets: 2, errors: 3, dropped: 4 },
      sent: { bytes: 5, packets: 6, errors: 7, dropped: 8 },
    },
  },
});
const statsOf = (...list: ContainerStats[]) => {
  const stats = createChannel<ContainerStats>();
  for (const one of list) stats.push(one);
  stats.end();
  return stats;
};

test('stats: one JSON text a line in the words of Docker; modes by query', async () => {
  const id = 'c'.repeat(64);
  await using door = await openDoor({
    containers: [containerDetails()],
    stats: statsOf({ id, name: 'web', current: sample(70), previous: sample(50) }, { id, name: 'web' }),
  });
  const { text } = await ask(door.socketPath, 'GET', '/v1.51/containers/web/stats');
  const [first, second] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(first.cpu_stats.cpu_usage.total_usage, 70);
  assert.equal(first.precpu_stats.system_cpu_usage, 500);
  assert.deepEqual(first.memory_stats, { usage: 1000, stats: { inactive_file: 300 }, limit: 8000 });
  assert.deepEqual(first.blkio_stats.io_service_bytes_recursive, [{ major: 8, minor: 0, op: 'Read', value: 4096 }]);
  assert.deepEqual(first.pids_stats, { current: 2 });
  assert.equal(first.networks.eth0.tx_bytes, 5);
  assert.deepEqual([first.name, first.id], ['/web', id]);
  assert.deepEqual([second.read, second.memory_stats, second.pids_stats], ['0001-01-01T00:00:00Z', {}, {}]);
  assert.equal(second.networks, undefined);
  await ask(door.socketPath, 'GET', '/v1.51/containers/web/stats?stream=0');
  await ask(door.socketPath, 'GET', '/v1.51/containers/web/stats?stream=false&one-shot=true');
  assert.deepEqual(
    door.world.calls.map((call) => call[2]),
    ['stream', 'once', 'at-once'],
  );
  const both = await ask(door.socketPath, 'GET', '/v1.51/containers/web/stats?stream=1&one-shot=1');
  assert.deepEqual([both.status, both.json().message], [400, 'cannot have stream=true and one-shot=true']);
});

test('pause, unpause, top and update reach the service', async () => {
  await using door = await openDoor({ containers: [containerDetails()] });
  assert.equal((await ask(door.socketPath, 'POST', '/containers/web/pause')).status, 204);
  assert.equal((await ask(door.socketPath, 'POST', '/containers/web/unpause')).status, 204);
  const top = await ask(door.socketPath, 'GET', '/containers/web/top?ps_args=-o%20pid,cmd');
  assert.deepEqual(top.json(), { Titles: ['PID', 'CMD'], Processes: [['7', 'sleep 1000']] });
  const body = {
    Memory: 64,
    CpuShares: 0,
    PidsLimit: 0,
    CpusetCpus: '',
    BlkioWeight: 300,
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
  };
  const updated = await ask(door.socketPath, 'POST', '/containers/web/update', JSON.stringify(body));
  assert.deepEqual([updated.status, updated.json()], [200, { Warnings: null }]);
  const nothing = { NanoCpus: 5, PidsLimit: -7, KernelMemory: 7, RestartPolicy: { Name: '', MaximumRetryCount: 0 } };
  await ask(door.socketPath, 'POST', '/containers/web/update', JSON.stringify(nothing));
  assert.deepEqual(door.world.calls, [
    ['pause', 'web'],
    ['unpause', 'web'],
    ['top', 'web', '-o pid,cmd'],
    [
      'update',
      'web',
      {
        resources: { memoryBytes: 64, pidsLimit: -1, blockWeight: 300 },
        restartPolicy: { name: 'on-failure', maximumRetryCount: 3 },
      },
    ],
    ['update', 'web', { resources: { nanoCpus: 5, pidsLimit: -1 } }],
  ]);
  const wrong = await ask(door.socketPath, 'POST', '/containers/web/update', '{"Memory":"1g"}');
  assert.match(wrong.json().message, /string into field Memory of type integer/);
});
