import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../../../base/errors.ts';
import { errnoCode } from '../../../base/libc.ts';
import { cgroupGone, processesBelow, readNumber, readText, readValues, writeLimit } from './cgroup-files.ts';
import type { CgroupLimits, CgroupStats, ContainerCgroup, IoCount } from './container-cgroup.ts';
import { weightFileOf } from './weight-file.ts';

const freezeBoundMilliseconds = 10_000;

/**
 * A container in cgroup v2's one hierarchy (Documentation/admin-guide/cgroup-v2.rst).
 * @param weighs asked for what weighs a block device now
 */
export function openCgroupV2(directory: string, weighs = weightFileOf): ContainerCgroup {
  // what was asked for is in one file, what has come about in the other
  const frozen = () =>
    readText(directory, 'cgroup.freeze') === '1' && readValues(directory, 'cgroup.events').frozen === 1;
  const thaw = () => {
    if (readText(directory, 'cgroup.freeze') !== undefined) writeLimit(directory, 'cgroup.freeze', 0);
  };
  return {
    update: (limits) => updateV2(directory, limits, weighs),
    async freeze() {
      const change = watchEvents(directory);
      try {
        writeLimit(directory, 'cgroup.freeze', 1);
        await change.until(frozen);
      } catch (error) {
        thaw();
        throw error;
      } finally {
        change.close();
      }
    },
    thaw,
    frozen,
    stats: () => statsV2(directory),
    processes: () => processesBelow(directory),
  };
}

/** The kernel notifies readers of `cgroup.events` (inotify) when what it says has changed. */
function watchEvents(directory: string) {
  let look = () => {};
  let watcher: FSWatcher;
  try {
    watcher = watch(path.join(directory, 'cgroup.events'), () => look());
  } catch (error) {
    throw errnoCode(error) === 'ENOENT' ? cgroupGone(directory) : error;
  }
  return {
    async until(reached: () => boolean): Promise<void> {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const late = setTimeout(
        () => reject(new EngineError('internal', 'the processes of the container could not be frozen')),
        freezeBoundMilliseconds,
      );
      look = () => {
        if (reached()) resolve();
      };
      look();
      await promise.finally(() => clearTimeout(late));
    },
    close: () => watcher.close(),
  };
}

/** cgroup v1's 2 … 262144 shares as v2's weight of 1 … 10000, as the OCI runtimes do it (crun(1), "cgroup v2"). */
function weightOf(shares: number): number {
  return 1 + Math.floor(((Math.min(Math.max(shares, 2), 262_144) - 2) * 9999) / 262_142);
}

/** v2 counts swap alone; the OCI spec's is memory and swap together, -1 = no limit. */
function swapAlone(memory: NonNullable<CgroupLimits['memory']>, directory: string): string | number | undefined {
  if (memory.swap === undefined) return undefined;
  if (memory.swap < 0) return 'max';
  return Math.max(0, memory.swap - (memory.limit ?? readNumber(directory, 'memory.max') ?? memory.swap));
}

type Weighs = typeof weightFileOf;

function updateV2(directory: string, { memory, cpu, pids, blockIO }: CgroupLimits, weighs: Weighs): void {
  const write = (file: string, value: string | number | undefined) => {
    if (value !== undefined) writeLimit(directory, file, value);
  };
  write('memory.max', memory?.limit && memory.limit < 0 ? 'max' : memory?.limit);
  write('memory.swap.max', memory && swapAlone(memory, directory));
  write('memory.low', memory?.reservation);
  write('cpu.weight', cpu?.shares && weightOf(cpu.shares));
  if (cpu?.quota !== undefined || cpu?.period !== undefined) {
    const [quota = 'max', period = '100000'] = (readText(directory, 'cpu.max') ?? '').split(' ');
    const wanted = cpu.quota === undefined ? quota : cpu.quota > 0 ? cpu.quota : 'max';
    write('cpu.max', `${wanted || 'max'} ${cpu.period ?? period}`);
  }
  write('cpuset.cpus', cpu?.cpus);
  write('cpuset.mems', cpu?.mems);
  write('pids.max', pids && (pids.limit > 0 ? pids.limit : 'max'));
  const hasBfq = readText(directory, 'io.bfq.weight') !== undefined;
  for (const [file, value] of blockLines(blockIO, { hasBfq, weighs })) write(file, value);
}

/** v1's 10 … 1000 as io.weight's 1 … 10000 (crun(1), "cgroup v2"); bfq counts as v1 does. */
const ioWeightOf = (weight: number) => 1 + Math.floor(((weight - 10) * 9999) / 990);

type Line = [file: string, value: string | number];

/** @throws EngineError `invalid` for a device that has no weights now. */
function weightLine({ major, minor, weight }: { major: number; minor: number; weight: number }, weighs: Weighs): Line {
  const file = weighs({ major, minor });
  if (file) return [file, `${major}:${minor} ${file === 'io.weight' ? ioWeightOf(weight) : weight}`];
  throw new EngineError(
    'invalid',
    `the block device ${major}:${minor} has no weights: its scheduler is not bfq, and io.cost is not enabled for it`,
  );
}

/** Block devices are set one a write; a rate that is not told stays. */
function blockLines(io: CgroupLimits['blockIO'] = {}, { hasBfq, weighs }: { hasBfq: boolean; weighs: Weighs }): Line[] {
  const rates = (name: string, list: typeof io.throttleReadBpsDevice = []) =>
    list.map(({ major, minor, rate }): Line => ['io.max', `${major}:${minor} ${name}=${rate || 'max'}`]);
  const weight: Line[] = !io.weight
    ? []
    : [hasBfq ? ['io.bfq.weight', io.weight] : ['io.weight', ioWeightOf(io.weight)]];
  return [
    ...weight,
    ...(io.weightDevice ?? []).map((device) => weightLine(device, weighs)),
    ...rates('rbps', io.throttleReadBpsDevice),
    ...rates('wbps', io.throttleWriteBpsDevice),
    ...rates('riops', io.throttleReadIOPSDevice),
    ...rates('wiops', io.throttleWriteIOPSDevice),
  ];
}

function statsV2(directory: string): CgroupStats {
  if (readText(directory, 'cgroup.procs') === undefined) throw cgroupGone(directory);
  const cpu = readValues(directory, 'cpu.stat');
  const limit = readNumber(directory, 'memory.max');
  const pidsLimit = readNumber(directory, 'pids.max');
  const nanoseconds = (name: string) => (cpu[name] ?? 0) * 1000;
  return {
    cpu: {
      total: nanoseconds('usage_usec'),
      kernel: nanoseconds('system_usec'),
      user: nanoseconds('user_usec'),
      periods: cpu.nr_periods ?? 0,
      throttledPeriods: cpu.nr_throttled ?? 0,
      throttledTime: nanoseconds('throttled_usec'),
    },
    memory: {
      usageBytes: readNumber(directory, 'memory.current') ?? 0,
      ...(limit !== undefined && { limitBytes: limit }),
      failures: readValues(directory, 'memory.events').oom ?? 0,
      values: readValues(directory, 'memory.stat'),
    },
    io: {
      bytes: ioCounts(directory, { rbytes: 'read', wbytes: 'write' }),
      operations: ioCounts(directory, { rios: 'read', wios: 'write' }),
    },
    pids: {
      current: readNumber(directory, 'pids.current') ?? 0,
      ...(pidsLimit !== undefined && { limit: pidsLimit }),
    },
  };
}

/** Lines `8:0 rbytes=90112 wbytes=0 rios=22 wios=0 dbytes=0 dios=0`. */
function ioCounts(directory: string, names: Readonly<Record<string, string>>): IoCount[] {
  return (readText(directory, 'io.stat') ?? '').split('\n').flatMap((line) => {
    const [device = '', ...pairs] = line.split(' ');
    const [, major, minor] = /^(\d+):(\d+)$/.exec(device) ?? [];
    if (major === undefined) return [];
    return pairs.flatMap((pair) => {
      const [key = '', value = '0'] = pair.split('=');
      const operation = names[key];
      if (operation === undefined) return [];
      return [{ major: Number(major), minor: Number(minor), operation, value: Number(value) }];
    });
  });
}
