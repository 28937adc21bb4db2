import { readFileSync } from 'node:fs';
import os from 'node:os';
import { type Channel, createChannel } from '../../base/channel.ts';
import { toEngineError } from '../../base/errors.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStats, InterfaceCounts, RunningContainers, StatsSample } from './container-service.ts';
import { networkOf } from './host-options.ts';
import type { RunningDependencies } from './running-containers.ts';
import { hasProcess } from './state-machine.ts';

/** Docker's interval. */
const intervalMilliseconds = 1000;
/** USER_HZ. */
const nanosecondsPerTick = 10_000_000;

/** All processors together: user, nice, system, idle, iowait, irq, softirq, as moby adds them up. proc_stat(5). */
export function systemCpu(stat: string): { nanoseconds: number; online: number } {
  const [total = '', ...lines] = stat.split('\n');
  const ticks = total.trim().split(/\s+/).slice(1, 8).map(Number);
  return {
    nanoseconds: ticks.reduce((sum, value) => sum + value, 0) * nanosecondsPerTick,
    online: lines.filter((line) => /^cpu\d/.test(line)).length,
  };
}

/** Every interface but the loopback. proc_pid_net(5), `dev`. */
export function interfaceCounts(dev: string): Record<string, InterfaceCounts> {
  return Object.fromEntries(
    dev.split('\n').flatMap((line) => {
      const [, name, counts = ''] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
      if (name === undefined || name === 'lo') return [];
      const all = counts.split(/\s+/).map(Number);
      const from = (at: number) => {
        const [bytes = 0, packets = 0, errors = 0, dropped = 0] = all.slice(at, at + 4);
        return { bytes, packets, errors, dropped };
      };
      return [[name, { received: from(0), sent: from(8) }]];
    }),
  );
}

function readInterfaces({ fixed, status }: ContainerRecord): Record<string, InterfaceCounts> {
  if (networkOf(fixed.hostConfig.networkMode) === 'host') return {};
  try {
    return interfaceCounts(readFileSync(`/proc/${status.pid}/net/dev`, 'utf8'));
  } catch {
    // it has ended meanwhile
    return {};
  }
}

/** Undefined of a container that does not run, or ends at this moment. */
function sampleOf({ cgroups }: RunningDependencies, record: ContainerRecord): StatsSample | undefined {
  if (!hasProcess(record.state)) return undefined;
  try {
    const { nanoseconds, online } = systemCpu(readFileSync('/proc/stat', 'utf8'));
    return {
      time: new Date(),
      cgroup: cgroups.of(record.id).stats(),
      systemCpuNanoseconds: nanoseconds,
      onlineCpus: online,
      hostMemoryBytes: os.totalmem(),
      interfaces: readInterfaces(record),
    };
  } catch (error) {
    if (toEngineError(error).code === 'not-found') return undefined;
    throw error;
  }
}

/** The kernel tells nobody when it counts: the figures are read by the clock, as long as somebody listens. */
export function createStatsReader(dependencies: RunningDependencies): RunningContainers['stats'] {
  const { store } = dependencies;
  return async (name, mode) => {
    const { id } = store.resolve(name);
    let previous: StatsSample | undefined;
    const read = (): ContainerStats | undefined => {
      const record = store.find(id);
      if (!record) return undefined;
      const before = previous;
      const current = sampleOf(dependencies, record);
      previous = current;
      return { id, name: record.name, ...(current && { current }), ...(current && before && { previous: before }) };
    };
    let timer: NodeJS.Timeout | undefined;
    let waiting = 0;
    const channel: Channel<ContainerStats> = createChannel({
      onTake: (left) => {
        waiting = left;
      },
      onClose: () => clearInterval(timer),
    });
    const give = () => {
      // for a client that does not read nothing piles up
      if (waiting > 2) return;
      try {
        const stats = read();
        if (stats) waiting = channel.push(stats);
        if (!stats || mode !== 'stream') channel.end();
      } catch (error) {
        channel.fail(error);
      }
    };
    const first = read();
    if (first && (mode === 'at-once' || !first.current)) channel.push(first);
    if (mode === 'at-once' || (mode === 'once' && !first?.current)) channel.end();
    else timer = setInterval(give, intervalMilliseconds);
    return channel;
  };
}
