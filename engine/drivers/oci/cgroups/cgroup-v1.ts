import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../../../base/errors.ts';
import { cgroupGone, processesBelow, readNumber, readText, readValues, writeLimit } from './cgroup-files.ts';
import type { CgroupLimits, CgroupStats, ContainerCgroup, IoCount } from './container-cgroup.ts';

/** Directory of a controller's cgroup; undefined where the controller is not mounted. */
export type DirectoryOf = (controller: string) => string | undefined;

/** USER_HZ: what `cpuacct.stat` counts in. */
const nanosecondsPerTick = 10_000_000;
const freezeTries = 2000;

/** A container in cgroup v1's hierarchies (Documentation/admin-guide/cgroup-v1). */
export function openCgroupV1(directoryOf: DirectoryOf): ContainerCgroup {
  const state = () => {
    const directory = directoryOf('freezer');
    return directory === undefined ? undefined : readText(directory, 'freezer.state');
  };
  const setState = (wanted: 'FROZEN' | 'THAWED') => {
    const directory = directoryOf('freezer');
    if (directory === undefined) {
      throw new EngineError('unavailable', 'containers cannot be paused here: the cgroup freezer is not mounted');
    }
    writeLimit(directory, 'freezer.state', wanted);
  };
  const thaw = () => {
    if (state() !== undefined) setState('THAWED');
  };
  return {
    update: (limits) => updateV1(directoryOf, limits),
    async freeze() {
      setState('FROZEN');
      // v1 tells nobody when the last process stands still: asking is what moves FREEZING on
      for (let tries = 0; tries < freezeTries; tries++) {
        const now = state();
        if (now === 'FROZEN') return;
        if (now === undefined) throw cgroupGone(directoryOf('freezer') ?? '');
        // one that forks while it is frozen may keep the rest waiting: begin anew (runc does so too)
        if (tries % 50 === 49) setState('THAWED');
        setState('FROZEN');
        await sleep(tries < 10 ? 0 : 5);
      }
      thaw();
      throw new EngineError('internal', 'the processes of the container could not be frozen');
    },
    thaw,
    frozen: () => state() === 'FROZEN',
    stats: () => statsV1(directoryOf),
    processes: () => processesBelow(directoryOf('pids') ?? directoryOf('memory') ?? directoryOf('freezer') ?? ''),
  };
}

function updateV1(directoryOf: DirectoryOf, { memory, cpu, pids, blockIO }: CgroupLimits): void {
  const write = (controller: string, file: string, value: string | number | undefined) => {
    if (value === undefined) return;
    const directory = directoryOf(controller);
    if (directory === undefined) {
      throw new EngineError('invalid', `your kernel does not support ${file}: the controller is not mounted`);
    }
    writeLimit(directory, file, value);
  };
  const current = readNumber(directoryOf('memory') ?? '', 'memory.memsw.limit_in_bytes');
  const swap = () => write('memory', 'memory.memsw.limit_in_bytes', memory?.swap);
  // memory is never more than memory and swap: whichever makes room goes first
  const swapFirst = memory?.swap !== undefined && (memory.swap < 0 || memory.swap > (current ?? Number.MAX_VALUE));
  if (swapFirst) swap();
  write('memory', 'memory.limit_in_bytes', memory?.limit);
  if (!swapFirst) swap();
  write('memory', 'memory.soft_limit_in_bytes', memory?.reservation);
  write('memory', 'memory.swappiness', memory?.swappiness);
  write('memory', 'memory.kmem.tcp.limit_in_bytes', memory?.kernelTCP);
  write('memory', 'memory.oom_control', memory?.disableOOMKiller ? 1 : undefined);
  write('cpu', 'cpu.rt_period_us', cpu?.realtimePeriod);
  write('cpu', 'cpu.rt_runtime_us', cpu?.realtimeRuntime);
  write('cpu', 'cpu.shares', cpu?.shares);
  write('cpu', 'cpu.cfs_period_us', cpu?.period);
  write('cpu', 'cpu.cfs_quota_us', cpu?.quota);
  write('cpuset', 'cpuset.cpus', cpu?.cpus);
  write('cpuset', 'cpuset.mems', cpu?.mems);
  write('pids', 'pids.max', pids && (pids.limit > 0 ? pids.limit : 'max'));
  for (const [file, value] of blockLines(blockIO, weightFile(directoryOf('blkio')))) write('blkio', file, value);
}

/** The weight's file has the name of its scheduler where that is bfq. */
const weightFile = (directory: string | undefined) =>
  directory !== undefined && readText(directory, 'blkio.weight') === undefined ? 'blkio.bfq.weight' : 'blkio.weight';

/** Block devices are set one a write. */
function blockLines(io: CgroupLimits['blockIO'] = {}, weight: string): [file: string, value: string | number][] {
  const rates = (file: string, list: typeof io.throttleReadBpsDevice = []) =>
    list.map(({ major, minor, rate }): [string, string] => [`blkio.throttle.${file}`, `${major}:${minor} ${rate}`]);
  return [
    ...(io.weight ? [[weight, io.weight] as [string, number]] : []),
    ...(io.weightDevice ?? []).map((device): [string, string] => [
      `${weight}_device`,
      `${device.major}:${device.minor} ${device.weight}`,
    ]),
    ...rates('read_bps_device', io.throttleReadBpsDevice),
    ...rates('write_bps_device', io.throttleWriteBpsDevice),
    ...rates('read_iops_device', io.throttleReadIOPSDevice),
    ...rates('write_iops_device', io.throttleWriteIOPSDevice),
  ];
}

function statsV1(directoryOf: DirectoryOf): CgroupStats {
  const [account, cpu, memory] = ['cpuacct', 'cpu', 'memory'].map((name) => directoryOf(name) ?? '');
  const usage = readNumber(memory ?? '', 'memory.usage_in_bytes');
  const total = readNumber(account ?? '', 'cpuacct.usage');
  if (usage === undefined && total === undefined) throw cgroupGone(memory ?? '');
  const times = readValues(account ?? '', 'cpuacct.stat');
  const throttled = readValues(cpu ?? '', 'cpu.stat');
  const limit = readNumber(memory ?? '', 'memory.limit_in_bytes');
  const pidsLimit = readNumber(directoryOf('pids') ?? '', 'pids.max');
  const io = directoryOf('blkio') ?? '';
  const perCpu = readText(account ?? '', 'cpuacct.usage_percpu')
    ?.trim()
    .split(' ')
    .map(Number);
  return {
    cpu: {
      total: total ?? 0,
      kernel: (times.system ?? 0) * nanosecondsPerTick,
      user: (times.user ?? 0) * nanosecondsPerTick,
      ...(perCpu && { perCpu }),
      periods: throttled.nr_periods ?? 0,
      throttledPeriods: throttled.nr_throttled ?? 0,
      throttledTime: throttled.throttled_time ?? 0,
    },
    memory: {
      usageBytes: usage ?? 0,
      maximumBytes: readNumber(memory ?? '', 'memory.max_usage_in_bytes') ?? 0,
      ...(limit !== undefined && { limitBytes: limit }),
      failures: readNumber(memory ?? '', 'memory.failcnt') ?? 0,
      values: readValues(memory ?? '', 'memory.stat'),
    },
    io: {
      bytes: ioCounts(io, 'blkio.throttle.io_service_bytes'),
      operations: ioCounts(io, 'blkio.throttle.io_serviced'),
    },
    pids: {
      current: readNumber(directoryOf('pids') ?? '', 'pids.current') ?? 0,
      ...(pidsLimit !== undefined && { limit: pidsLimit }),
    },
  };
}

/** Lines `8:0 Read 4096`, and a last one `Total 4096`. */
function ioCounts(directory: string, file: string): IoCount[] {
  const text = readText(directory, `${file}_recursive`) ?? readText(directory, file) ?? '';
  return text.split('\n').flatMap((line) => {
    const [, major, minor, operation, value] = /^(\d+):(\d+) (\w+) (\d+)$/.exec(line) ?? [];
    if (operation === undefined) return [];
    return [{ major: Number(major), minor: Number(minor), operation, value: Number(value) }];
  });
}
