import type { Runtime } from '../../drivers/oci/runtime.ts';
import type { ExecContainers } from '../exec/exec-service.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStore } from './container-store.ts';
import { furtherEnvironment } from './link-environment.ts';

/** Containers as execs see them. */
export function createExecContainers(dependencies: {
  store: ContainerStore;
  runtimeOf(record: ContainerRecord): Runtime;
}): ExecContainers {
  const { store, runtimeOf } = dependencies;
  return {
    find(name) {
      const record = store.resolve(name);
      const { config, hostConfig } = record.fixed;
      return {
        id: record.id,
        name: record.name,
        state: record.state,
        pid: record.status.pid,
        workingDirectory: config.workingDirectory ?? '/',
        groupsAdd: hostConfig.groupsAdd,
        environmentWith: (added) => furtherEnvironment(record, store.lookUp, added),
        runtime: () => runtimeOf(record),
      };
    },
    tell(id, action, attributes) {
      if (store.find(id)) store.tell(id, { action, attributes });
    },
  };
}
