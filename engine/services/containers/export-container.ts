import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import type { KeyedLock } from '../../base/keyed-lock.ts';
import { openPathOnly } from '../../base/libc.ts';
import type { Mounter } from '../../drivers/mounts/mounter.ts';
import { asUsersOf, type UserNamespace } from '../../drivers/userns/process-ids.ts';
import { containerSnapshot } from '../../storage/collect/collector.ts';
import { rootArchive } from '../../storage/files/root-archive.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStore } from './container-store.ts';
import { userNamespaceOfContainer } from './remapping.ts';
import { hasProcess } from './state-machine.ts';

export interface ExporterParts {
  store: ContainerStore;
  lock: KeyedLock;
  snapshots: Snapshotter;
  mounter: Mounter;
  paths: ContainerPaths;
}

/** Root filesystems as archives. */
export interface Exporter {
  /** Whatever the container does meanwhile. @throws EngineError `not-found`, `conflict` of one that is being removed. */
  export(name: string): AsyncGenerator<Buffer>;
  /** Takes away what an engine that was killed in the middle left mounted. */
  clear(): Promise<void>;
}
const openDirectory = (directory: string) => openSync(directory, openPathOnly | constants.O_DIRECTORY);

export function createExporter({ store, lock, snapshots, mounter, paths }: ExporterParts): Exporter {
  /** What is written is in a running container's mount; of any other its layers are mounted for a moment, for reading only. */
  const openRoot = async (record: ContainerRecord): Promise<{ root: number; users?: UserNamespace | undefined }> => {
    const { id, state } = record;
    if (hasProcess(state)) {
      // of none that is about to end anything can be said
      return { users: userNamespaceOfContainer(record, undefined), root: openDirectory(paths.rootfs(id)) };
    }
    await mkdir(paths.allViews, { recursive: true, mode: 0o700 });
    const view = await mkdtemp(path.join(paths.allViews, `${id}-`));
    try {
      await mounter.mount(await snapshots.mounts(containerSnapshot(id), { readOnly: true }), view);
      // what is open stays, though it is mounted nowhere: a killed engine leaves nothing behind
      return { root: openDirectory(view) };
    } finally {
      await mounter.unmount(view);
      await rmdir(view);
    }
  };
  return {
    async *export(name) {
      const { id } = store.resolve(name);
      const { root, users } = await lock.run(id, () => {
        const record = store.resolve(id);
        if (record.state === 'removing' || record.state === 'dead') throw beingRemoved(record);
        return openRoot(record);
      });
      try {
        store.tell(id, { action: 'export' });
        yield* rootArchive(root, (command) => asUsersOf(users, command));
      } finally {
        closeSync(root);
      }
    },
    async clear() {
      const names = await readdir(paths.allViews).catch(() => []);
      for (const view of names.map((each) => path.join(paths.allViews, each))) {
        await mounter.unmount(view);
        await rmdir(view);
      }
    },
  };
}

function beingRemoved({ id, state, name }: ContainerRecord): EngineError {
  const words = state === 'dead' ? 'dead' : 'being removed';
  return new EngineError('conflict', `You cannot export container ${id} which is ${words}`, {
    reason: 'container.not-found',
    params: { name },
  });
}
