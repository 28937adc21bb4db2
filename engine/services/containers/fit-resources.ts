import { EngineError } from '../../base/errors.ts';
import type { CgroupSupport } from '../../drivers/oci/cgroup-support.ts';
import type { ContainerResources } from './container-service.ts';
import { findDevice } from './device-options.ts';

const invalid = (message: string) => new EngineError('invalid', message);
const smallestMemory = 6 * 1024 * 1024;

type Field = keyof ContainerResources;

/** A limit, the support it needs, and dockerd's words where the kernel has none (moby, `verifyPlatformContainerResources`). */
const discarded: readonly { field: Field; needs: keyof CgroupSupport; words: string }[] = [
  {
    field: 'memorySwappiness',
    needs: 'memorySwappiness',
    words:
      'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.',
  },
  {
    field: 'memoryReservationBytes',
    needs: 'memoryReservation',
    words:
      'Your kernel does not support memory soft limit capabilities or the cgroup is not mounted. Limitation discarded.',
  },
  {
    field: 'kernelMemoryBytes',
    needs: 'kernelMemory',
    words:
      'Your kernel does not support kernel memory limit capabilities or the cgroup is not mounted. Limitation discarded.',
  },
  {
    field: 'kernelMemoryTcpBytes',
    needs: 'kernelMemoryTcp',
    words:
      'Your kernel does not support kernel memory TCP limit capabilities or the cgroup is not mounted. Limitation discarded.',
  },
  {
    field: 'pidsLimit',
    needs: 'pidsLimit',
    words: 'Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.',
  },
  {
    field: 'cpuShares',
    needs: 'cpuShares',
    words: 'Your kernel does not support CPU shares or the cgroup is not mounted. Shares discarded.',
  },
  {
    field: 'blockWeight',
    needs: 'blockWeight',
    words: 'Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.',
  },
  {
    field: 'blockWeightDevices',
    needs: 'blockWeightDevice',
    words:
      'Your kernel does not support Block I/O weight_device or the cgroup is not mounted. Weight-device discarded.',
  },
  ...(
    [
      ['blockReadBytes', 'BPS Block I/O read limit', 'Block I/O BPS read limit'],
      ['blockWriteBytes', 'BPS Block I/O write limit', 'Block I/O BPS write limit'],
      ['blockReadOperations', 'IOPS Block read limit', 'Block I/O IOPS read limit'],
      ['blockWriteOperations', 'IOPS Block write limit', 'Block I/O IOPS write limit'],
    ] as const
  ).map(([field, what, gone]) => ({
    field,
    needs: 'blockRates' as const,
    words: `Your kernel does not support ${what} or the cgroup is not mounted. ${gone} discarded.`,
  })),
];

/**
 * The limits as they can be kept here, with dockerd's words for those that cannot.
 * @param support undefined where no container can run: nothing is left out
 * @throws EngineError `invalid` for values that cannot be.
 */
export function fitResources(
  asked: ContainerResources,
  support: CgroupSupport | undefined,
): { resources: ContainerResources; warnings: string[] } {
  const resources = { ...asked };
  const warnings: string[] = [];
  if (resources.cpuPercent) {
    warnings.push('linux does not support CPU percent. Percent discarded.');
    delete resources.cpuPercent;
  }
  if (support) leaveOut(resources, support, warnings);
  checkFurther(resources);
  const noLimit = !resources.memoryBytes;
  if (resources.oomKillDisable && noLimit && (support?.oomKillDisable ?? true)) {
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  }
  return { resources, warnings };
}

function leaveOut(resources: ContainerResources, support: CgroupSupport, warnings: string[]): void {
  fitMemory(resources, support, warnings);
  for (const { field, needs, words } of discarded) {
    if (resources[field] === undefined || support[needs]) continue;
    warnings.push(words);
    delete resources[field];
  }
  fitWeights(resources, support, warnings);
  if ((resources.cpuPeriodMicroseconds || resources.cpuQuotaMicroseconds) && !support.cpuCfs) {
    warnings.push('Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.');
    delete resources.cpuPeriodMicroseconds;
    delete resources.cpuQuotaMicroseconds;
  }
  fitCpus(resources, support, warnings);
}

/** Docker has no words for a single device, and its runtimes fail there or leave it out. */
function fitWeights(resources: ContainerResources, support: CgroupSupport, warnings: string[]): void {
  const asked = resources.blockWeightDevices;
  if (!asked?.length) return;
  const kept = asked.filter(({ path }) => {
    const device = findDevice(path);
    return device === undefined || support.weighs(device);
  });
  for (const { path } of asked.filter((one) => !kept.includes(one))) {
    warnings.push(
      `The device ${path} has no Block I/O weights: its scheduler is not bfq, and io.cost is not enabled for it. Weight-device discarded.`,
    );
  }
  if (kept.length > 0) resources.blockWeightDevices = kept;
  else delete resources.blockWeightDevices;
}

function fitMemory(resources: ContainerResources, support: CgroupSupport, warnings: string[]): void {
  if (resources.memoryBytes && !support.memoryLimit) {
    warnings.push(
      'Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.',
    );
    delete resources.memoryBytes;
    resources.memorySwapBytes = -1;
  }
  if (resources.memoryBytes && resources.memorySwapBytes !== -1 && !support.swapLimit) {
    warnings.push(
      'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.',
    );
    resources.memorySwapBytes = -1;
  }
  if (resources.oomKillDisable !== undefined && !support.oomKillDisable) {
    if (resources.oomKillDisable) {
      warnings.push('Your kernel does not support OomKillDisable. OomKillDisable discarded.');
    }
    delete resources.oomKillDisable;
  }
}

function fitCpus(resources: ContainerResources, support: CgroupSupport, warnings: string[]): void {
  const { cpusetCpus = '', cpusetMems = '' } = resources;
  if ((cpusetCpus || cpusetMems) && !support.cpuset) {
    warnings.push('Your kernel does not support cpuset or the cgroup is not mounted. Cpuset discarded.');
    delete resources.cpusetCpus;
    delete resources.cpusetMems;
    return;
  }
  if (resources.nanoCpus && !support.cpuCfs) {
    throw invalid(
      'NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted',
    );
  }
  checkSet(cpusetCpus, support.cpus, { what: 'cpuset cpus', missing: 'Requested CPUs are not available' });
  checkSet(cpusetMems, support.memoryNodes, {
    what: 'cpuset mems',
    missing: 'Requested memory nodes are not available',
  });
  if ((resources.cpuRealtimePeriodMicroseconds || resources.cpuRealtimeRuntimeMicroseconds) && !support.cpuRealtime) {
    throw invalid('Your kernel does not support CPU real-time scheduler');
  }
}

function checkSet(wanted: string, available: string, words: { what: string; missing: string }): void {
  if (wanted === '') return;
  const numbers = parseSet(wanted);
  if (!numbers) throw invalid(`Invalid value ${wanted} for ${words.what}: invalid format: ${wanted}`);
  const there = new Set(parseSet(available) ?? []);
  if (numbers.every((number) => there.has(number))) return;
  throw invalid(`${words.missing} - requested ${wanted}, available: ${available}`);
}

const mostInSet = 8192;

/** `0-2,7`, cpuset(7) "List format"; undefined for anything else. */
function parseSet(text: string): number[] | undefined {
  const numbers: number[] = [];
  for (const part of text.split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!match || last < first || last > mostInSet) return undefined;
    for (let number = first; number <= last; number++) numbers.push(number);
  }
  return numbers;
}

/** Values that no kernel takes. */
function checkFurther(resources: ContainerResources): void {
  const { memorySwappiness: swappiness, kernelMemoryBytes: kernel, blockWeight: weight } = resources;
  if (swappiness !== undefined && (swappiness < 0 || swappiness > 100)) {
    throw invalid(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  }
  if (kernel !== undefined && kernel < smallestMemory) throw invalid('Minimum kernel memory limit allowed is 6MB');
  if (weight !== undefined && (weight < 10 || weight > 1000)) throw invalid('Range of blkio weight is from 10 to 1000');
  const { cpuRealtimePeriodMicroseconds: period, cpuRealtimeRuntimeMicroseconds: runtime } = resources;
  if (period && runtime && runtime > period) {
    throw invalid('cpu real-time runtime cannot be higher than cpu real-time period');
  }
  if (resources.ioMaximumBandwidth) {
    throw invalid('Invalid QoS settings: linux does not support configuration of maximum bandwidth');
  }
  if (resources.ioMaximumOperations) {
    throw invalid('Invalid QoS settings: linux does not support configuration of maximum IOPs');
  }
}
