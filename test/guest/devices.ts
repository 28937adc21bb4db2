/** Weights and throttles of block devices, on a disk that nobody else uses. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { waitUntil } from '../wait-until.ts';
import { useGuestEngine } from './guest-engine.ts';

const disk = '/dev/vdc';
const numbers = readFileSync('/sys/block/vdc/dev', 'utf8').trim();

const one = useGuestEngine();

test('weight: the kernel has it, and its changes, by its own scale and by that of bfq', async () => {
  const weighed = async (
    runtime: string,
    scales: readonly (readonly [file: string, first: string, second: string])[],
  ) => {
    const host = { Runtime: runtime, BlkioWeight: 300 };
    assert.deepEqual(await one.guest.start('weighed', host, 'exec sleep 1000'), [], 'it is not left out');
    for (const [file, first] of scales) assert.equal(await one.guest.kernel('weighed', file), first, runtime);
    await one.guest.call('weighed', 'update', { BlkioWeight: 700 });
    for (const [file, , second] of scales) assert.equal(await one.guest.kernel('weighed', file), second, runtime);
    await one.guest.call('weighed', 'restart?t=0');
    for (const [file, , second] of scales) assert.equal(await one.guest.kernel('weighed', file), second, 'next start');
    await one.guest.remove('weighed');
  };
  await weighed('crun', [['io.weight', 'default 2930', 'default 6970']]);
  execFileSync('modprobe', ['bfq']);
  writeFileSync('/sys/block/vdc/queue/scheduler', 'bfq');
  for (const runtime of ['crun', 'runc']) await weighed(runtime, [['io.bfq.weight', 'default 300', 'default 700']]);
});

test('weight of a device: by what weighs it; where nothing does it is left out with a warning, later refused', async () => {
  const Devices = [{ Path: disk, Weight: 300 }];
  const weighed = (runtime: string) =>
    one.guest.start('single', { Runtime: runtime, BlkioWeightDevice: Devices }, 'exec sleep 1000');
  const none =
    /^The device \/dev\/vdc has no Block I\/O weights: its scheduler is not bfq, and io\.cost is not enabled/;
  const lines = async (file: string) => (await one.guest.kernel('single', file)).split('\n');
  writeFileSync('/sys/block/vdc/queue/scheduler', 'none');
  const warnings = await weighed('crun');
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', none);
  assert.equal(await one.guest.look('single', 'HostConfig.BlkioWeightDevice'), '');
  await one.guest.remove('single');
  const scales: readonly [on: () => void, off: () => void, file: string, first: string, second: string][] = [
    [
      () => writeFileSync('/sys/fs/cgroup/io.cost.qos', `${numbers} enable=1`),
      () => writeFileSync('/sys/fs/cgroup/io.cost.qos', `${numbers} enable=0`),
      ...(['io.weight', `${numbers} 2930`, `${numbers} 6970`] as const),
    ],
    [
      () => writeFileSync('/sys/block/vdc/queue/scheduler', 'bfq'),
      () => writeFileSync('/sys/block/vdc/queue/scheduler', 'none'),
      ...(['io.bfq.weight', `${numbers} 300`, `${numbers} 700`] as const),
    ],
  ];
  for (const [on, off, file, first, second] of scales) {
    on();
    for (const runtime of ['crun', 'runc']) {
      assert.deepEqual(await weighed(runtime), [], runtime);
      assert.ok((await lines(file)).includes(first), runtime);
      await one.guest.call('single', 'update', { BlkioWeightDevice: [{ Path: disk, Weight: 700 }] });
      assert.ok((await lines(file)).includes(second), runtime);
      if (runtime === 'crun') await one.guest.remove('single');
    }
    off();
    await one.guest.call('single', 'kill');
    await waitUntil('it ended', async () => (await one.guest.look('single', 'State.Status')) === 'exited');
    await assert.rejects(one.guest.call('single', 'start'), /400: .*the block device \d+:\d+ has no weights/);
    on();
    await one.guest.call('single', 'start');
    assert.ok((await lines(file)).includes(second), 'after a start');
    off();
    await one.guest.remove('single');
  }
});

const throttles = (line: string) =>
  Object.fromEntries(
    line
      .split(' ')
      .slice(1)
      .map((pair) => pair.split('=')),
  );

test('throttles: the kernel has them, they hold back, and they change while it runs', async () => {
  const write = `while :; do dd if=/dev/zero of=${disk} bs=64k count=16 oflag=direct 2>/dev/null; done`;
  const Devices = [{ PathOnHost: disk, PathInContainer: disk, CgroupPermissions: 'rwm' }];
  const slow = {
    BlkioDeviceWriteBps: [{ Path: disk, Rate: 262_144 }],
    BlkioDeviceReadIOps: [{ Path: disk, Rate: 50 }],
  };
  await one.guest.start('slow', { Devices, ...slow }, write);
  await one.guest.start('fast', { Devices }, write);
  assert.deepEqual(throttles(await one.guest.kernel('slow', 'io.max')), {
    ...{ rbps: 'max', wbps: '262144', riops: '50', wiops: 'max' },
  });
  const written = async (name: string) => {
    const line = (await one.guest.kernel(name, 'io.stat')).split('\n').find((one) => one.startsWith(`${numbers} `));
    return Number(/wbytes=(\d+)/.exec(line ?? '')?.[1] ?? 0);
  };
  const much = 16 * 1024 * 1024;
  await waitUntil('the one without a limit has written much', async () => (await written('fast')) >= much);
  const little = await written('slow');
  assert.ok(little < much / 2, `${little} bytes under a limit`);
  const update = {
    BlkioDeviceWriteBps: [{ Path: disk, Rate: 0 }],
    BlkioDeviceReadBps: [{ Path: disk, Rate: 1048576 }],
  };
  await one.guest.call('slow', 'update', update);
  assert.deepEqual(throttles(await one.guest.kernel('slow', 'io.max')), {
    ...{ rbps: '1048576', wbps: 'max', riops: '50', wiops: 'max' },
  });
  await one.guest.call('fast', 'kill');
  await waitUntil('it is free', async () => (await written('slow')) > little + much);
  await one.guest.remove('slow', 'fast');
});
