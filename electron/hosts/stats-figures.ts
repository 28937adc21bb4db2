import type { ContainerStatsResponse } from '@docker/node-sdk';
import type { StatsSample } from '../bridge/stats.ts';

/** `docker stats`: the share of the machine's time, times its processors. Undefined without a sample before. */
export function cpuPercent({ cpu_stats: now, precpu_stats: before }: ContainerStatsResponse): number | undefined {
  if (!now?.system_cpu_usage || !before?.system_cpu_usage) return undefined;
  const used = (now.cpu_usage?.total_usage ?? 0) - (before.cpu_usage?.total_usage ?? 0);
  const passed = now.system_cpu_usage - before.system_cpu_usage;
  if (used <= 0 || passed <= 0) return 0;
  return (used / passed) * processorsOf(now) * 100;
}

function processorsOf(cpu: ContainerStatsResponse['cpu_stats']): number {
  return cpu?.online_cpus || cpu?.cpu_usage?.percpu_usage?.length || 1;
}

/** `docker stats`: usage without the inactive page cache, `total_inactive_file` in cgroup v1, `inactive_file` in v2. */
export function memoryUsed({ memory_stats: memory }: ContainerStatsResponse): number {
  const usage = memory?.usage ?? 0;
  const values: Readonly<Record<string, number | null | undefined>> = memory?.stats ?? {};
  const inactive = values.total_inactive_file ?? values.inactive_file ?? 0;
  return inactive < usage ? usage - inactive : usage;
}

interface Counts {
  readonly time: number;
  readonly received: number;
  readonly sent: number;
  readonly read: number;
  readonly written: number;
}

type Interfaces = Readonly<Record<string, { readonly rx_bytes?: number; readonly tx_bytes?: number }>>;

function countsOf(stats: ContainerStatsResponse, time: number): Counts {
  const interfaces = Object.values((stats.networks ?? {}) as Interfaces);
  const blocks = stats.blkio_stats?.io_service_bytes_recursive ?? [];
  // moby writes `Read` in cgroup v1 and `read` in v2; the other operations are counted in these
  const bytesOf = (operation: string) =>
    blocks.reduce((sum, { op, value }) => sum + (op?.toLowerCase() === operation ? (value ?? 0) : 0), 0);
  return {
    time,
    received: interfaces.reduce((sum, { rx_bytes: bytes = 0 }) => sum + bytes, 0),
    sent: interfaces.reduce((sum, { tx_bytes: bytes = 0 }) => sum + bytes, 0),
    read: bytesOf('read'),
    written: bytesOf('write'),
  };
}

/** Counters that went back began anew: the container was started again. */
function rate(now: number, before: number, milliseconds: number): number {
  return now < before ? 0 : ((now - before) * 1000) / milliseconds;
}

/** Makes samples of what the stats API tells, one after the other; undefined of a container that does not run. */
export function createStatsFigures(): (stats: ContainerStatsResponse) => StatsSample | undefined {
  let before: Counts | undefined;
  return (stats) => {
    // the types say Date, the wire has text; zero time and no process stand for "does not run"
    const time = Date.parse(String(stats.read));
    const pids = stats.pids_stats?.current ?? 0;
    if (!(time > 0) || !stats.cpu_stats?.system_cpu_usage) {
      before = undefined;
      return undefined;
    }
    const now = countsOf(stats, time);
    const last = before && time > before.time ? before : undefined;
    before = now;
    const cpu = cpuPercent(stats);
    const per = (key: Exclude<keyof Counts, 'time'>) => (last ? rate(now[key], last[key], time - last.time) : 0);
    const network = stats.networks ? { received: per('received'), sent: per('sent') } : 'none';
    return {
      time,
      ...(cpu === undefined || !last ? {} : { cpu }),
      cores: processorsOf(stats.cpu_stats),
      memory: memoryUsed(stats),
      ...(last || network === 'none' ? { network } : {}),
      ...(last ? { disk: { read: per('read'), written: per('written') } } : {}),
      pids,
    };
  };
}
