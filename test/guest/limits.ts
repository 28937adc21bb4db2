/** The small part: limits, their change while a container runs, pause, stats and OOM on a kernel with cgroup v2 alone. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { getJson } from '../engine-fixture.ts';
import { ask } from '../raw-http.ts';
import { waitUntil } from '../wait-until.ts';
import { mebibyte, useGuestEngine, valueIn } from './guest-engine.ts';

const one = useGuestEngine();

const files = ['memory.max', 'memory.swap.max', 'memory.low', 'cpu.max', 'cpu.weight', 'cpuset.cpus', 'pids.max'];
const limitsOf = (name: string) => Promise.all(files.map((file) => one.guest.kernel(name, file)));
const size = (mebibytes: number) => String(mebibytes * mebibyte);

test('the hierarchy is v2 alone, and nothing that Docker limits is missing', async () => {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  assert.deepEqual(
    mounts.map((line) => line.split(' ')[2]).filter((type) => type?.startsWith('cgroup')),
    ['cgroup2'],
  );
  const info = await getJson<Record<string, unknown>>(one.guest.engine.folders.socket, '/info');
  assert.deepEqual([info.CgroupVersion, info.CgroupDriver], ['2', 'cgroupfs']);
  const { MemoryLimit, SwapLimit, CpuCfsPeriod, CpuCfsQuota, CPUShares, CPUSet, PidsLimit, OomKillDisable } = info;
  assert.deepEqual(
    { MemoryLimit, SwapLimit, CpuCfsPeriod, CpuCfsQuota, CPUShares, CPUSet, PidsLimit, OomKillDisable },
    {
      ...{ MemoryLimit: true, SwapLimit: true, CpuCfsPeriod: true, CpuCfsQuota: true, CPUShares: true, CPUSet: true },
      ...{ PidsLimit: true, OomKillDisable: false },
    },
  );
});

test('limits are the kernel’s from the start, change while it runs, and are those of the next start', async () => {
  const { start, call, docker } = one.guest;
  const limits = {
    ...{ Memory: 64 * mebibyte, MemorySwap: 96 * mebibyte, MemoryReservation: 32 * mebibyte },
    ...{ NanoCpus: 5e8, CpuShares: 512, CpusetCpus: '1', PidsLimit: 20 },
  };
  assert.deepEqual(await start('limited', limits, 'exec sleep 1000'), [], 'nothing is left out');
  const first = [size(64), size(32), size(32), '50000 100000', '20', '1', '20'];
  assert.deepEqual(await limitsOf('limited'), first);
  const more = {
    ...{ Memory: 128 * mebibyte, MemorySwap: 256 * mebibyte, MemoryReservation: 48 * mebibyte },
    ...{ NanoCpus: 15e8, CpuShares: 2048, CpusetCpus: '0', PidsLimit: 40 },
  };
  await call('limited', 'update', more);
  const second = [size(128), size(128), size(48), '150000 100000', '79', '0', '40'];
  assert.deepEqual(await limitsOf('limited'), second);
  const inside = 'cat /sys/fs/cgroup/memory.max; nproc; sed -n "s/^Cpus_allowed_list:.//p" /proc/self/status';
  assert.equal(await docker('exec', 'limited', 'sh', '-c', inside), `${size(128)}\n1\n0`, 'the container sees its own');
  await call('limited', 'update', { MemorySwap: -1, PidsLimit: -1 });
  const third = second.with(1, 'max').with(6, 'max');
  assert.deepEqual(await limitsOf('limited'), third);
  await call('limited', 'restart?t=0');
  assert.deepEqual(await limitsOf('limited'), third);
  await one.guest.remove('limited');
});

const swap = (mebibytes: number) => ({ Memory: 32 * mebibyte, MemorySwap: mebibytes * mebibyte });

test('memory: what is over the limit goes to swap as far as that is allowed, then the kernel kills', async () => {
  const { start, call, look, said, kernel, remove, engine } = one.guest;
  execFileSync('sh', ['-c', 'fallocate -l 128M /swap && chmod 600 /swap && mkswap /swap && swapon /swap'], {
    stdio: 'pipe',
  });
  // keeps its last 48 MiB in memory
  await start(
    'swapping',
    swap(96),
    `head -c ${48 * mebibyte} /dev/zero | tail -c ${48 * mebibyte} | wc -c; exec sleep 1000`,
  );
  await waitUntil('it is done', async () => (await said('swapping')) === String(48 * mebibyte));
  const events = await kernel('swapping', 'memory.events');
  assert.ok(valueIn(events, 'max') > 0, `the limit was met: ${events}`);
  assert.equal(valueIn(events, 'oom_kill'), 0);
  assert.ok(Number(await kernel('swapping', 'memory.peak')) <= 32 * mebibyte);
  await remove('swapping');

  const since = Math.floor(Date.now() / 1000);
  await start('killed', swap(32), `exec tail -c ${48 * mebibyte} /dev/zero`);
  assert.equal((await call('killed', 'wait')).json<{ StatusCode: number }>().StatusCode, 137);
  assert.equal(await look('killed', 'State.OOMKilled', 'State.Status'), 'true exited');
  const filters = encodeURIComponent(JSON.stringify({ container: ['killed'] }));
  const until = Math.ceil(Date.now() / 1000);
  const route = `/events?since=${since}&until=${until}&filters=${filters}`;
  const { text } = await ask(engine.folders.socket, { path: route });
  const actions = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).Action);
  assert.deepEqual(actions.slice(-2), ['oom', 'die']);
  await remove('killed');
  execFileSync('swapoff', ['/swap']);
});

test('OOM of a child: the container goes on', async () => {
  const { start, look, said, kernel, remove } = one.guest;
  await start('parent', swap(32), `tail -c ${48 * mebibyte} /dev/zero; echo $?; exec sleep 1000`);
  await waitUntil('its child was killed', async () => (await said('parent')).includes('137'));
  assert.equal(valueIn(await kernel('parent', 'memory.events'), 'oom_kill'), 1);
  assert.equal(await look('parent', 'State.Status'), 'running');
  await remove('parent');
});

test('pids: the fork over the limit fails, inside only', async () => {
  const { start, said, kernel, remove } = one.guest;
  await start('forks', { PidsLimit: 6 }, '(for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done); exec sleep 1000');
  await waitUntil('a fork was refused', async () => valueIn(await kernel('forks', 'pids.events'), 'max') > 0);
  await waitUntil('it is told', async () => /can't fork/.test(await said('forks')));
  assert.ok(Number(await kernel('forks', 'pids.current')) <= 6);
  await remove('forks');
});

interface Figures {
  pids_stats: { current: number; limit: number };
  cpu_stats: {
    cpu_usage: { total_usage: number; usage_in_usermode: number };
    online_cpus: number;
    throttling_data: { periods: number; throttled_periods: number; throttled_time: number };
  };
  memory_stats: { usage: number; limit: number; stats: Record<string, number> };
  blkio_stats: { io_service_bytes_recursive: { major: number; minor: number; op: string; value: number }[] | null };
}

const figuresOf = async (name: string) =>
  (
    await ask(one.guest.engine.folders.socket, { path: `/containers/${name}/stats?stream=false&one-shot=true` })
  ).json<Figures>();

test('stats are what the kernel counts; while it is paused nothing is', async () => {
  const write = 'dd if=/dev/zero of=/file bs=64k count=16 conv=fsync 2>/dev/null';
  const limits = { Memory: 64 * mebibyte, PidsLimit: 30, NanoCpus: 4e8 };
  await one.guest.start('busy', limits, `${write}; sleep 1000 & echo written; while :; do :; done`);
  // on a slow host it may be held back while it still writes
  await waitUntil('it has written', async () => (await one.guest.said('busy')).includes('written'));
  const throttled = async () => valueIn(await one.guest.kernel('busy', 'cpu.stat'), 'nr_throttled');
  const until = await throttled();
  await waitUntil('it was held back', async () => (await throttled()) > until + 3);
  const before = valueIn(await one.guest.kernel('busy', 'cpu.stat'), 'usage_usec');
  const { pids_stats, cpu_stats, memory_stats, blkio_stats } = await figuresOf('busy');
  const after = valueIn(await one.guest.kernel('busy', 'cpu.stat'), 'usage_usec');
  assert.deepEqual(pids_stats, { current: 2, limit: 30 });
  const used = cpu_stats.cpu_usage.total_usage / 1000;
  assert.ok(before <= used && used <= after, `${before} ${used} ${after}`);
  assert.equal(cpu_stats.online_cpus, 2);
  const { periods, throttled_periods: held, throttled_time: time } = cpu_stats.throttling_data;
  assert.ok(held > 3 && held <= periods && time > 0, `${held} of ${periods}, ${time}`);
  assert.equal(memory_stats.limit, 64 * mebibyte);
  assert.ok(memory_stats.usage > 0 && (memory_stats.stats.inactive_file ?? -1) >= 0);
  const written = (blkio_stats.io_service_bytes_recursive ?? []).filter(({ op }) => op === 'write');
  assert.ok(
    written.some(({ value }) => value >= mebibyte),
    JSON.stringify(blkio_stats),
  );

  await one.guest.call('busy', 'pause');
  assert.match(await one.guest.kernel('busy', 'cgroup.events'), /^frozen 1$/m);
  const still = (await figuresOf('busy')).cpu_stats.cpu_usage.total_usage;
  await sleep(500);
  assert.equal((await figuresOf('busy')).cpu_stats.cpu_usage.total_usage, still);
  assert.match(
    await one.guest.engine.docker.fails(1, 'exec', 'busy', 'true'),
    /is paused, unpause the container before exec/,
  );
  await one.guest.call('busy', 'update', { NanoCpus: 8e8 });
  assert.equal(await one.guest.kernel('busy', 'cpu.max'), '80000 100000', 'limits change also meanwhile');
  await one.guest.call('busy', 'unpause');
  await waitUntil('it goes on', async () => (await figuresOf('busy')).cpu_stats.cpu_usage.total_usage > still);
  await one.guest.call('busy', 'pause');
  await one.guest.call('busy', 'kill');
  assert.equal(await one.guest.look('busy', 'State.Status', 'State.ExitCode'), 'exited 137');
  await one.guest.remove('busy');
});
