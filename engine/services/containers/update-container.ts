import { EngineError, toEngineError } from '../../base/errors.ts';
import { limitsOf } from '../../drivers/oci/spec-builder.ts';
import { checkResources, swapInForce } from './check-resources.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerResources, UpdateContainer } from './container-service.ts';
import { blockIoOf } from './device-options.ts';
import { fitResources } from './fit-resources.ts';
import { checkRestartPolicy } from './host-options.ts';
import type { RunningDependencies } from './running-containers.ts';
import { hasProcess } from './state-machine.ts';

/**
 * Sets new limits, at once where it runs, and the restart policy, from its next end on (moby, `UpdateContainer`).
 * Runs under the container's lock.
 */
export function updateContainer(
  { store, cgroups, support }: RunningDependencies,
  record: ContainerRecord,
  update: UpdateContainer,
): { warnings: readonly string[] } {
  const { id, state, fixed } = record;
  const { resources: before, autoRemove } = fixed.hostConfig;
  const { restartPolicy } = update;
  if (restartPolicy) checkRestartPolicy(restartPolicy);
  const refuse = (why: string, code: 'conflict' | 'invalid' = 'conflict') =>
    new EngineError(code, `Cannot update container ${id}: ${why}`);
  if (state === 'removing' || state === 'dead') {
    throw refuse('container is marked for removal and cannot be "update"');
  }
  if (autoRemove && restartPolicy && restartPolicy.name !== 'no') {
    throw refuse('Restart policy cannot be updated because AutoRemove is enabled for the container');
  }
  if (update.resources.ioMaximumBandwidth || update.resources.ioMaximumOperations) {
    throw new EngineError(
      'invalid',
      'Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps',
    );
  }
  const { resources: wanted, warnings } = fitResources(update.resources, support());
  const conflict = conflictOf(before, wanted);
  if (conflict) throw refuse(conflict);
  const resources = { ...before, ...wanted };
  checkResources(resources);
  const host = { swapAccounting: support().swapLimit };
  const blockIo = blockIoOf(resources);
  const limits = limitsOf({ ...resources, ...(blockIo && { blockIo }) }, host, warnings);
  const cgroup = cgroups.of(id);
  if (hasProcess(state)) {
    try {
      cgroup.update(limits);
    } catch (error) {
      // part of it may be set: what was in force is set again, as far as the kernel lets us
      try {
        const blockIoBefore = blockIoOf(before);
        cgroup.update(limitsOf({ ...before, ...(blockIoBefore && { blockIo: blockIoBefore }) }, host, []));
      } catch {
        // the first failure is the one to tell
      }
      const { code, message } = toEngineError(error);
      throw refuse(message, code === 'invalid' ? 'invalid' : 'conflict');
    }
  }
  store.change(id, { hostConfig: { resources, ...(restartPolicy && { restartPolicy }) } }, { action: 'update' });
  return { warnings };
}

/** Why new limits do not go with those that are set, in Docker's words. */
function conflictOf(before: ContainerResources, wanted: ContainerResources): string | undefined {
  const cannot = (what: string, because: string) =>
    `Conflicting options: ${what} cannot be updated as ${because} has already been set`;
  if (wanted.nanoCpus && before.cpuPeriodMicroseconds) return cannot('Nano CPUs', 'CPU Period');
  if (wanted.nanoCpus && before.cpuQuotaMicroseconds) return cannot('Nano CPUs', 'CPU Quota');
  if (wanted.cpuPeriodMicroseconds && before.nanoCpus) return cannot('CPU Period', 'NanoCPUs');
  if (wanted.cpuQuotaMicroseconds && before.nanoCpus) return cannot('CPU Quota', 'NanoCPUs');
  const swap = swapInForce(before);
  if (wanted.memoryBytes && !wanted.memorySwapBytes && swap !== undefined && swap >= 0 && wanted.memoryBytes > swap) {
    return 'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time';
  }
  return undefined;
}
