import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());
afterEach(async () => {
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', ...all);
});

const docker = (...args: string[]) => subject.docker(...args);
const sh = (script: string) => [sampleImage, 'sh', '-c', script];
const idle = (name: string, ...options: string[]) =>
  docker('run', '-d', '--name', name, '--network', 'none', ...options, sampleImage, 'sleep', '1000');
const inspect = (name: string, format: string) => docker('inspect', '-f', format, name);

const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers');

/** What the kernel has of a container's limits. @param names v1's controller and file, and v2's file */
async function kernelOf(name: string, [controller, file, v2]: readonly [string, string, string]): Promise<string> {
  const pid = await inspect(name, '{{.State.Pid}}');
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  const own = lines
    .map((line) => line.split(':'))
    .find(([, names = '']) => (isV2 ? names === '' : names.split(',').includes(controller)))?.[2];
  const place = isV2
    ? path.join('/sys/fs/cgroup', own ?? '', v2)
    : path.join('/sys/fs/cgroup', controller, own ?? '', file);
  return readFileSync(place, 'utf8').trim();
}

/** A block device of the machine that this kernel throttles. */
function blockDevice(): { file: string; numbers: string } {
  const { dev } = statSync('/');
  const numbers = `${(dev >> 8) & 0xfff}:${dev & 0xff}`;
  const name = readFileSync(`/sys/dev/block/${numbers}/uevent`, 'utf8').match(/^DEVNAME=(.*)$/m)?.[1];
  return { file: `/dev/${name}`, numbers };
}

test('limits of block devices, swap and the OOM killer are the kernel’s', async () => {
  const { file, numbers } = blockDevice();
  await idle(
    'limited',
    ...['--device-read-bps', `${file}:1mb`, '--device-write-iops', `${file}:77`],
    ...['--memory', '64m', '--memory-swappiness', '33', '--oom-kill-disable', '--cpu-rt-period', '900000'],
  );
  const io = await Promise.all([
    kernelOf('limited', ['blkio', 'blkio.throttle.read_bps_device', 'io.max']),
    kernelOf('limited', ['blkio', 'blkio.throttle.write_iops_device', 'io.max']),
  ]);
  assert.match(io[0] ?? '', isV2 ? /rbps=1048576/ : new RegExp(`^${numbers} 1048576$`));
  assert.match(io[1] ?? '', isV2 ? /wiops=77/ : new RegExp(`^${numbers} 77$`));
  if (!isV2) {
    assert.equal(await kernelOf('limited', ['memory', 'memory.swappiness', '']), '33');
    assert.match(await kernelOf('limited', ['memory', 'memory.oom_control', '']), /oom_kill_disable 1/);
    assert.equal(await kernelOf('limited', ['cpu', 'cpu.rt_period_us', '']), '900000');
  }
  const shown = JSON.parse(await inspect('limited', '{{json .HostConfig}}'));
  assert.deepEqual(shown.BlkioDeviceReadBps, [{ Path: file, Rate: 1024 * 1024 }]);
  assert.deepEqual(shown.BlkioDeviceWriteIOps, [{ Path: file, Rate: 77 }]);
  const { MemorySwappiness, OomKillDisable, CpuRealtimePeriod } = shown;
  if (!isV2) assert.deepEqual([MemorySwappiness, OomKillDisable, CpuRealtimePeriod], [33, true, 900_000]);
});

test('--cgroup-parent: below it while it runs, also when limits change; afterwards only the parent stays', async () => {
  const parent = `beluga-options-parent-${process.pid}`;
  await idle('below', '--cgroup-parent', `/${parent}`, '--memory', '64m');
  const pid = await inspect('below', '{{.State.Pid}}');
  const id = await inspect('below', '{{.Id}}');
  assert.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), new RegExp(`/${parent}/${id}`));
  await docker('update', '--memory', '32m', '--memory-swap', '64m', 'below');
  assert.equal(await kernelOf('below', ['memory', 'memory.limit_in_bytes', 'memory.max']), String(32 * 1024 * 1024));
  await docker('pause', 'below');
  await docker('unpause', 'below');
  assert.match(await docker('stats', '--no-stream', '--format', '{{.MemUsage}}', 'below'), /32MiB/);
  await docker('rm', '-f', 'below');
  const left = isV2 ? `/sys/fs/cgroup/${parent}/${id}` : `/sys/fs/cgroup/memory/${parent}/${id}`;
  await waitUntil('the cgroup is gone', async () => !existsSync(left));
});

test('devices: one, a directory of them, what may be done with it, rules', async () => {
  const use = 'ls -l /dev/one; cat /dev/one; echo x > /dev/one; true';
  const { stdout, stderr } = await subject.docker.run([
    ...['run', '--rm', '--device', '/dev/zero:/dev/all/zero', '--device', '/dev/null:/dev/one:r'],
    ...sh(`${use}; head -c 3 /dev/all/zero | wc -c`),
  ]);
  assert.match(stdout, /^crw.*\s1,\s+3 .*\/dev\/one\n3$/m);
  assert.equal(stderr, '');
  const folder = await docker('run', '--rm', '--device', '/dev/net:/dev/nets', ...sh('ls -l /dev/nets'));
  assert.match(folder, /10, 200 .*tun$/m);
  const open = 'mknod /tmp/fuse c 10 229; cat /tmp/fuse 2>&1 | head -1';
  assert.match(await docker('run', '--rm', ...sh(open)), /Operation not permitted/);
  const ruled = await docker('run', '--rm', '--device-cgroup-rule', 'c 10:229 rwm', ...sh(open));
  assert.doesNotMatch(ruled, /can't open/);
  await idle('shown', '--device', '/dev/null:/dev/one:r', '--device-cgroup-rule', 'c 10:229 rwm');
  const device = { PathOnHost: '/dev/null', PathInContainer: '/dev/one', CgroupPermissions: 'r' };
  assert.deepEqual(JSON.parse(await inspect('shown', '{{json .HostConfig.Devices}}')), [device]);
  assert.equal(await inspect('shown', '{{json .HostConfig.DeviceCgroupRules}}'), '["c 10:229 rwm"]');
});

test('update: block weight is told and left out, limits count at once', async () => {
  await idle('changed');
  const { stdout } = await subject.docker.run(['update', '--blkio-weight', '300', '--pids-limit', '44', 'changed']);
  if (!isV2) assert.match(stdout, /does not support Block I\/O weight or the cgroup is not mounted\. Weight discarded/);
  assert.equal(await kernelOf('changed', ['pids', 'pids.max', 'pids.max']), '44');
  const words = await subject.docker.fails(1, 'update', '--cpuset-cpus', '999', 'changed');
  assert.match(words, /Requested CPUs are not available - requested 999/);
});

test('sysctls, shm size, stop signal and timeout, annotations', async () => {
  const script =
    'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni; df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2';
  const options = ['--sysctl', 'net.ipv4.ip_forward=1', '--sysctl', 'kernel.shmmni=99', '--shm-size', '1m'];
  assert.equal(await docker('run', '--rm', ...options, ...sh(script)), '1\n99\n1024');
  await idle('told', '--stop-signal', 'SIGUSR1', '--stop-timeout', '0');
  assert.equal(await inspect('told', '{{.Config.StopSignal}} {{.Config.StopTimeout}}'), 'SIGUSR1 0');
  await docker('stop', 'told');
  assert.equal(await inspect('told', '{{.State.ExitCode}}'), '137');
});
