import type { KeyedLock } from '../../base/keyed-lock.ts';
import type { CgroupSupport } from '../../drivers/oci/cgroup-support.ts';
import type { ContainerCgroups } from './container-cgroups.ts';
import type { RunningContainers } from './container-service.ts';
import { createStatsReader } from './container-stats.ts';
import type { ContainerStore } from './container-store.ts';
import { listProcesses } from './process-table.ts';
import { nextState, requireProcess } from './state-machine.ts';
import { updateContainer } from './update-container.ts';

export interface RunningDependencies {
  store: ContainerStore;
  lock: KeyedLock;
  cgroups: ContainerCgroups;
  /** What the kernel can limit. */
  support(): CgroupSupport;
}

/** What goes through a container's cgroup: standing still, processes, figures, limits. */
export function createRunningContainers(dependencies: RunningDependencies): RunningContainers {
  const { store, lock, cgroups } = dependencies;
  return {
    async pause(name) {
      const { id } = store.resolve(name);
      await lock.run(id, async () => {
        const state = nextState(store.resolve(id), 'pause');
        await cgroups.of(id).freeze();
        store.change(id, { state, status: { pausedBy: undefined } }, { action: 'pause' });
      });
    },
    async unpause(name) {
      const { id } = store.resolve(name);
      await lock.run(id, async () => {
        const state = nextState(store.resolve(id), 'unpause');
        cgroups.of(id).thaw();
        store.change(id, { state }, { action: 'unpause' });
      });
    },
    async top(name, psArguments) {
      const record = store.resolve(name);
      requireProcess(record);
      const table = await listProcesses(cgroups.of(record.id).processes(), psArguments);
      store.tell(record.id, { action: 'top' });
      return table;
    },
    stats: createStatsReader(dependencies),
    async update(name, update) {
      const { id } = store.resolve(name);
      return lock.run(id, async () => updateContainer(dependencies, store.resolve(id), update));
    },
  };
}
