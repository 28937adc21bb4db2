import path from 'node:path';
import { EngineError, unlessMissing } from '../../base/errors.ts';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { Log } from '../../base/log.ts';
import type { Mounter } from '../../drivers/mounts/mounter.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { Records } from '../../storage/records/records.ts';
import { createContainerVolumes } from './container-volumes.ts';
import { openVolumeDirectories, type TreeWork, type VolumeDirectories } from './volume-directories.ts';
import { hasOwnMount } from './volume-mounts.ts';
import { checkVolume, localDriver, newVolumeName, noSuchVolume } from './volume-requests.ts';
import { openVolumeRows, type VolumeRecord, type VolumeRows } from './volume-rows.ts';
import {
  anonymousLabel,
  type ContainerVolumes,
  type CreateVolume,
  type Volume,
  type VolumeService,
} from './volume-service.ts';

export interface VolumeServiceDependencies {
  records: Records;
  events: EventBus;
  mounter: Mounter;
  trees: TreeWork;
  dataRoot: string;
  log: Log;
}

export interface LocalVolumes {
  service: VolumeService;
  forContainers: ContainerVolumes;
}

/** What the two sides of volumes, clients and containers, share. A volume changes under the lock of its name. */
export interface VolumeParts {
  rows: VolumeRows;
  /** @throws EngineError `not-found`. */
  find(name: string): VolumeRecord;
  directories: VolumeDirectories;
  lock: ReturnType<typeof createKeyedLock>;
  mounter: Mounter;
  /** Ids of the containers that have a volume, by its name. */
  users: Map<string, Set<string>>;
  records: Records;
  log: Log;
  tell(action: string, name: string, attributes?: Readonly<Record<string, string>>): void;
  volumeOf(record: VolumeRecord): Volume;
  /** Under the volume's lock. */
  make(name: string, request: CreateVolume & { madeFor?: string }): Promise<VolumeRecord>;
  /** Under the volume's lock, of one that nobody has. */
  destroy(record: VolumeRecord): Promise<void>;
}

/** Volumes below `<data root>/volumes`, after what an engine before this one left unfinished is finished or undone. */
export async function openVolumes(dependencies: VolumeServiceDependencies): Promise<LocalVolumes> {
  const parts = partsOf(dependencies);
  const { rows, directories, records, tell } = parts;
  const gone = await directories.recover(rows.all().map(({ name }) => name));
  records.transaction(() => {
    for (const name of gone) {
      rows.remove(name);
      tell('destroy', name);
    }
  });
  return { service: createVolumeService(parts, dependencies), forContainers: createContainerVolumes(parts) };
}

function partsOf({ records, events, mounter, trees, dataRoot, log }: VolumeServiceDependencies): VolumeParts {
  const rows = openVolumeRows(records);
  const directories = openVolumeDirectories({ root: path.join(dataRoot, 'volumes'), trees, log });
  const users = new Map<string, Set<string>>();
  const tell: VolumeParts['tell'] = (action, name, attributes = {}) =>
    events.record({ type: 'volume', action, actor: { id: name, attributes: { driver: localDriver, ...attributes } } });
  return {
    ...{ rows, directories, lock: createKeyedLock(), mounter, users, records, log, tell },
    find(name) {
      const record = rows.find(name);
      if (!record) throw noSuchVolume(name);
      return record;
    },
    volumeOf: ({ name, createdNano, labels, options }) => ({
      name,
      mountpoint: directories.data(name),
      createdAt: new Date(Number(createdNano / 1_000_000n)),
      ...(labels && { labels }),
      ...(options && { options }),
      users: [...(users.get(name) ?? [])],
    }),
    async make(name, { labels, options, madeFor }) {
      await directories.make(name);
      const record: VolumeRecord = {
        name,
        createdNano: BigInt(Date.now()) * 1_000_000n,
        ...(labels && { labels }),
        ...(options && { options }),
        ...(madeFor !== undefined && { madeFor }),
      };
      records.transaction(() => {
        rows.put(record);
        tell('create', name);
      });
      return record;
    },
    async destroy({ name }) {
      await mounter.unmount(directories.data(name));
      const aside = await directories.setAside(name);
      try {
        records.transaction(() => {
          rows.remove(name);
          tell('destroy', name);
        });
      } catch (error) {
        await aside.undo();
        throw error;
      }
      aside.destroy();
    },
  };
}

function createVolumeService(parts: VolumeParts, { trees, events }: VolumeServiceDependencies): VolumeService {
  const { rows, find, directories, lock, users, records, volumeOf } = parts;
  const removeUnused = (name: string) =>
    lock.run(name, async () => {
      const record = find(name);
      const ids = [...(users.get(name) ?? [])];
      if (ids.length > 0) throw inUse(name, ids);
      await parts.destroy(record);
    });
  let pruning = false;
  return {
    async create(request) {
      const name = request.name || newVolumeName();
      checkVolume(name, request);
      const labels = request.name ? request.labels : { ...request.labels, [anonymousLabel]: '' };
      return lock.run(name, async () => {
        const options = request.options;
        const asked = { ...(labels && { labels }), ...(options && { options }) };
        return volumeOf(rows.find(name) ?? (await parts.make(name, asked)));
      });
    },
    list: () => rows.all().map(volumeOf),
    inspect: (name) => volumeOf(find(name)),
    async remove(name, { force = false } = {}) {
      await (force ? unlessMissing(removeUnused(name)) : removeUnused(name));
    },
    async prune({ all, passes }) {
      if (pruning) throw new EngineError('conflict', 'a prune operation is already running');
      pruning = true;
      try {
        const done = await pruneVolumes({ ...parts, trees, removeUnused }, ({ labels = {} }) => {
          return (all || Object.hasOwn(labels, anonymousLabel)) && passes(labels);
        });
        const attributes = { reclaimed: String(done.reclaimed) };
        records.transaction(() => events.record({ type: 'volume', action: 'prune', actor: { id: '', attributes } }));
        return done;
      } finally {
        pruning = false;
      }
    },
    async usage() {
      const plain = rows.all().filter(({ options }) => !hasOwnMount(options));
      const measured = plain.map(async (record) => {
        const { bytes } = await trees.measure(directories.data(record.name)).catch(() => ({ bytes: 0 }));
        return { volume: volumeOf(record), bytes };
      });
      return Promise.all(measured);
    },
  };
}

async function pruneVolumes(
  parts: VolumeParts & { trees: TreeWork; removeUnused(name: string): Promise<void> },
  passes: (record: VolumeRecord) => boolean,
): Promise<{ removed: string[]; reclaimed: number }> {
  const { rows, directories, users, trees, removeUnused, log } = parts;
  const removed: string[] = [];
  let reclaimed = 0;
  for (const record of rows.all()) {
    const { name } = record;
    if ((users.get(name)?.size ?? 0) > 0 || hasOwnMount(record.options) || !passes(record)) continue;
    try {
      const { bytes } = await trees.measure(directories.data(name));
      await removeUnused(name);
      removed.push(name);
      reclaimed += bytes;
    } catch (error) {
      // a container took it meanwhile, or somebody was faster
      log.debug('a volume was not pruned', { name, error });
    }
  }
  return { removed, reclaimed };
}

function inUse(name: string, ids: readonly string[]): EngineError {
  return new EngineError('conflict', `remove ${name}: volume is in use - [${ids.join(', ')}]`, {
    reason: 'volume.in-use',
    params: { name, count: ids.length },
  });
}
