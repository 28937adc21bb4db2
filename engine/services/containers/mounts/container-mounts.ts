import { toEngineError } from '../../../base/errors.ts';
import type { ContainerRecord } from '../container-record.ts';
import type { ContainerConfig, ContainerHostConfig } from '../container-service.ts';
import type { ContainerStore } from '../container-store.ts';
import { hasProcess } from '../state-machine.ts';
import { imageMountSnapshot, type MakeMountsDependencies, makeMounts } from './make-mounts.ts';
import type { MountPoint, PlannedMount } from './mount-point.ts';
import { mountPointsOf, planMounts } from './plan-mounts.ts';

export interface ContainerMountsDependencies extends MakeMountsDependencies {
  store: ContainerStore;
  dataRoot: string;
}

/** The mounts of containers, from their creation to their removal. */
export interface ContainerMounts {
  /** Makes nothing yet. @throws EngineError `invalid` in Docker's words. */
  plan(config: Pick<ContainerConfig, 'volumes'>, hostConfig: ContainerHostConfig): PlannedMount[];
  /** Of a container that is being created, once its snapshot is there. */
  make(id: string, planned: readonly PlannedMount[]): Promise<MountPoint[]>;
  /** Its record is written. */
  keep(id: string): void;
  /** It is not created after all: what was made for it alone goes. */
  giveUp(id: string, planned: readonly PlannedMount[]): Promise<void>;
  /** Of one that goes and does not run; also its anonymous volumes, if nobody else has them. */
  discard(record: ContainerRecord, options: { volumes: boolean }): Promise<void>;
  /** At the start of the engine. */
  adopt(): void;
}

export function createContainerMounts(dependencies: ContainerMountsDependencies): ContainerMounts {
  const { volumes, snapshots, store, dataRoot } = dependencies;
  const removeSnapshots = async (keys: readonly string[]) => {
    for (const key of keys)
      await snapshots.remove(key).catch((error) => {
        if (toEngineError(error).code !== 'not-found') throw error;
      });
  };
  return {
    plan: (config, hostConfig) => planMounts(config.volumes, hostConfig, { containerOf: store.resolve, dataRoot }),
    make: (id, planned) => makeMounts(dependencies, id, planned),
    keep: volumes.keep,
    async giveUp(id, planned) {
      await volumes.release(id, []);
      await removeSnapshots(
        planned.flatMap(({ type }, index) => (type === 'image' ? [imageMountSnapshot(id, index)] : [])),
      );
    },
    async discard(record, options) {
      const points = mountPointsOf(record);
      const anonymous = points.flatMap(({ anonymous: own, name }) => (own && name !== undefined ? [name] : []));
      await volumes.release(record.id, options.volumes ? anonymous : []);
      await removeSnapshots(points.flatMap(({ image }) => (image ? [image.snapshot] : [])));
    },
    adopt() {
      for (const record of store.all()) {
        const names = mountPointsOf(record).flatMap(({ name }) => (name === undefined ? [] : [name]));
        volumes.adopt(record.id, names, hasProcess(record.state));
      }
    },
  };
}
