import os from 'node:os';
import { EngineError } from '../../base/errors.ts';
import type { ContainerResources } from './container-service.ts';

const smallestMemory = 6 * 1024 * 1024;
const invalid = (message: string) => new EngineError('invalid', message);

/** Memory and swap together, as it is in force: twice the memory where only that is limited. -1 = no limit. */
export function swapInForce({ memoryBytes, memorySwapBytes }: ContainerResources): number | undefined {
  return memorySwapBytes ?? (memoryBytes ? memoryBytes * 2 : undefined);
}

/** @throws EngineError `invalid` for limits that cannot be, in Docker's words (moby, `verifyPlatformContainerResources`). */
export function checkResources(resources: ContainerResources): void {
  checkMemory(resources);
  checkCpu(resources);
}

function checkMemory({
  memoryBytes: memory = 0,
  memorySwapBytes: swap = 0,
  memoryReservationBytes: kept = 0,
}: ContainerResources) {
  if (memory !== 0 && !(memory >= smallestMemory && Number.isSafeInteger(memory)))
    throw invalid('Minimum memory limit allowed is 6MB');
  if (memory > 0 && swap > 0 && swap < memory) {
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (memory === 0 && swap > 0)
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  if (kept > 0 && kept < smallestMemory) throw invalid('Minimum memory reservation allowed is 6MB');
  if (memory > 0 && memory < kept) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
}

function checkCpu(resources: ContainerResources) {
  const { nanoCpus = 0, cpuPeriodMicroseconds: period = 0, cpuQuotaMicroseconds: quota = 0 } = resources;
  const count = os.availableParallelism();
  if (nanoCpus > 0 && period > 0) throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  if (nanoCpus > 0 && quota > 0) throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  if (nanoCpus < 0 || nanoCpus > count * 1e9 || (nanoCpus > 0 && nanoCpus < 1e7)) {
    throw invalid(`Range of CPUs is from 0.01 to ${count}.00, as there are only ${count} CPUs available`);
  }
  if (period !== 0 && (period < 1000 || period > 1_000_000)) {
    throw invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (quota > 0 && quota < 1000) throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
}
