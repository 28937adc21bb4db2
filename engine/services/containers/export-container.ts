import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { filterProgram } from '../../base/filter-program.ts';
import type { KeyedLock } from '../../base/keyed-lock.ts';
import { openPathOnly } from '../../base/libc.ts';
import type { Mounter } from '../../drivers/mounts/mounter.ts';
import { asUsersOf, type UserNamespace } from '../../drivers/userns/process-ids.ts';
import { containerSnapshot } from '../../storage/collect/collector.ts';
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

/** GNU tar, for it knows all kinds of files; 1: a file changed while it was read, which of a running container is nobody's fault. */
const tar = {
  name: 'tar',
  args: [
    ...['--create', '--file=-', '--directory=/proc/self/fd/3', '--format=posix', '--numeric-owner', '--sparse'],
    ...['--pax-option=delete=atime,delete=ctime', '--xattrs', '--xattrs-include=security.capability'],
    ...['--xattrs-include=user.*', '--one-file-system', '--null', '--verbatim-files-from', '--files-from=-'],
  ],
  codes: [0, 1],
} as const;

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
        const names = readdirSync(`/proc/self/fd/${root}`, { encoding: 'buffer' });
        const list = Buffer.concat(names.flatMap((each) => [each, Buffer.of(0)]));
        const [program, ...args] = asUsersOf(users, [tar.name, ...tar.args]);
        yield* filterProgram(program, args, oneOf(list), { directory: root, codes: tar.codes });
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

async function* oneOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function beingRemoved({ id, state, name }: ContainerRecord): EngineError {
  const words = state === 'dead' ? 'dead' : 'being removed';
  return new EngineError('conflict', `You cannot export container ${id} which is ${words}`, {
    reason: 'container.not-found',
    params: { name },
  });
}
