import type {
  ContainerBlkioStatEntry,
  ContainerBlkioStats,
  ContainerCPUStats,
  ContainerMemoryStats,
  ContainerNetworkStats,
} from '@docker/node-sdk';
import type { ContainerStats, InterfaceCounts, StatsSample } from '../../services/containers/container-service.ts';
import { timeToWire } from './time.ts';

function cpuToWire(sample: StatsSample | undefined): ContainerCPUStats {
  const cpu = sample?.cgroup.cpu;
  return {
    cpu_usage: {
      total_usage: cpu?.total ?? 0,
      ...(cpu?.perCpu && { percpu_usage: [...cpu.perCpu] }),
      usage_in_kernelmode: cpu?.kernel ?? 0,
      usage_in_usermode: cpu?.user ?? 0,
    },
    ...(sample && { system_cpu_usage: sample.systemCpuNanoseconds, online_cpus: sample.onlineCpus }),
    throttling_data: {
      periods: cpu?.periods ?? 0,
      throttled_periods: cpu?.throttledPeriods ?? 0,
      throttled_time: cpu?.throttledTime ?? 0,
    },
  };
}

/** Without a limit the machine's memory is the limit. Clients take the cache that can be given back off the usage. */
function memoryToWire({ cgroup: { memory }, hostMemoryBytes }: StatsSample): ContainerMemoryStats {
  return {
    usage: memory.usageBytes,
    ...(memory.maximumBytes !== undefined && { max_usage: memory.maximumBytes }),
    stats: { ...memory.values },
    ...(memory.failures > 0 && { failcnt: memory.failures }),
    limit: Math.min(memory.limitBytes ?? hostMemoryBytes, hostMemoryBytes),
  };
}

function ioToWire(sample: StatsSample | undefined): ContainerBlkioStats {
  const entries = (counts: StatsSample['cgroup']['io']['bytes'] | undefined): ContainerBlkioStatEntry[] =>
    (counts?.map(({ major, minor, operation, value }) => ({ major, minor, op: operation, value })) ?? null) as never;
  const none = sample ? [] : null;
  return {
    io_service_bytes_recursive: entries(sample?.cgroup.io.bytes),
    io_serviced_recursive: entries(sample?.cgroup.io.operations),
    io_queue_recursive: none,
    io_service_time_recursive: none,
    io_wait_time_recursive: none,
    io_merged_recursive: none,
    io_time_recursive: none,
    sectors_recursive: none,
  };
}

function interfaceToWire({ received, sent }: InterfaceCounts): ContainerNetworkStats {
  return {
    rx_bytes: received.bytes,
    rx_packets: received.packets,
    rx_errors: received.errors,
    rx_dropped: received.dropped,
    tx_bytes: sent.bytes,
    tx_packets: sent.packets,
    tx_errors: sent.errors,
    tx_dropped: sent.dropped,
  };
}

/** A line of GET /containers/{id}/stats; its formulas are in Docker's API under "ContainerStats". */
export function statsToWire({ id, name, current, previous }: ContainerStats) {
  const networks = Object.entries(current?.interfaces ?? {});
  return {
    read: timeToWire(current?.time),
    preread: timeToWire(previous?.time),
    pids_stats: current ? current.cgroup.pids : {},
    blkio_stats: ioToWire(current),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuToWire(current),
    precpu_stats: cpuToWire(previous),
    memory_stats: current ? memoryToWire(current) : {},
    name: `/${name}`,
    id,
    ...(networks.length > 0 && {
      networks: Object.fromEntries(networks.map(([device, counts]) => [device, interfaceToWire(counts)])),
    }),
  };
}
