import { closeSync } from 'node:fs';
import { EngineError, toEngineError } from '../../base/errors.ts';
import { filterProgram } from '../../base/filter-program.ts';
import { madeByStart } from '../../drivers/oci/made-by-start.ts';
import { lookUpUser } from '../../drivers/oci/user-lookup.ts';
import { asUsersOf } from '../../drivers/userns/process-ids.ts';
import { containerSnapshot } from '../../storage/collect/collector.ts';
import { cleanPath, type OpenedSource } from '../../storage/files/path-in-root.ts';
import type { RootFiles } from '../../storage/files/root-files.ts';
import { beneathOf, type TreeChange } from '../../storage/files/tree-changes.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { ContainerFiles, WriteFiles } from './container-files-service.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStore } from './container-store.ts';
import type { ContainerView, ContainerViews } from './container-view.ts';
import { mountPointsOf } from './mounts/plan-mounts.ts';
import { hasProcess } from './state-machine.ts';

export interface FilesDependencies {
  store: ContainerStore;
  snapshots: Snapshotter;
  files: RootFiles;
  views: ContainerViews;
}

/** `docker cp` both ways and `docker diff`. */
export function createContainerFiles(dependencies: FilesDependencies): Omit<ContainerFiles, 'commit'> {
  const { store, files, views } = dependencies;
  return {
    stat: (name, path) => views.use(name, 'read', ({ root }) => files.stat(root, cleanPath(path)).catch(naming(name))),
    async read(name, path) {
      const clean = cleanPath(path);
      const view = await views.open(name, 'read');
      try {
        const source = await files.source(view.root, clean).catch((error) => {
          view.check();
          throw naming(name)(error);
        });
        try {
          view.check();
        } catch (error) {
          closeSync(source.directory);
          throw error;
        }
        store.tell(view.record.id, { action: 'archive-path' });
        return { status: source.status, archive: archiveOf(view, source, clean) };
      } catch (error) {
        await view.close();
        throw error;
      }
    },
    async write(name, path, archive, options) {
      await views.use(name, 'write', (view) => writeInto(dependencies, view, { name, path, archive, options }));
    },
    async changes(name) {
      const { id } = store.resolve(name);
      const changes = await changesOf(dependencies, id).catch((error) => {
        refuseRemoved(store.resolve(id), 'look at');
        throw error;
      });
      return changes.map(({ path, kind }) => ({ path: `/${Buffer.from(path, 'latin1').toString()}`, kind }));
    },
  };
}

/** What failed because the container was removed meanwhile says so. @throws EngineError `conflict` in Docker's words */
export function refuseRemoved({ id, state }: ContainerRecord, what: string): void {
  if (state !== 'removing' && state !== 'dead') return;
  const words = state === 'dead' ? 'Dead' : 'being removed';
  throw new EngineError('conflict', `You cannot ${what} container ${id} which is ${words}`);
}

/** As Docker tells what is not there. */
const naming = (name: string) => (error: unknown) => {
  const { code, message } = toEngineError(error);
  if (code !== 'not-found' || !message.startsWith('Could not find the file')) throw error;
  throw new EngineError(code, `${message} in container ${name}`, { cause: error });
};

interface Write {
  name: string;
  path: string;
  archive: AsyncIterable<Uint8Array>;
  options: WriteFiles;
}

async function writeInto({ store, files }: FilesDependencies, view: ContainerView, write: Write): Promise<void> {
  const { root, record, users, signal } = view;
  const destination = await files.destination(root, cleanPath(write.path)).catch(naming(write.name));
  refuseReadOnly(record, destination);
  const owner = write.options.asUser ? ownerFor(record, root) : undefined;
  const options = {
    root,
    destination,
    keepKinds: write.options.keepKinds,
    ...(owner && { owner }),
    ...(users && { users: users.map }),
  };
  await files.extract(options, untilAborted(write.archive, signal));
  if (store.find(record.id)) store.tell(record.id, { action: 'extract-to-dir' });
}

/** The container's user, as its own etc/passwd has it. */
function ownerFor({ fixed: { config } }: ContainerRecord, root: number) {
  if (!config.user) return undefined;
  const { uid, gid } = lookUpUser(`/proc/self/fd/${root}`, config.user, []);
  return { uid, gid };
}

/** @throws EngineError `forbidden` in Docker's words */
function refuseReadOnly(record: ContainerRecord, destination: string): void {
  const isIn = (target: string) => destination === target || destination.startsWith(`${target}/`);
  const mount = mountPointsOf(record).findLast(({ target }) => isIn(target));
  const words = mount ? 'mounted volume is marked read-only' : 'container rootfs is marked read-only';
  if (mount ? mount.readOnly : record.fixed.hostConfig.readonlyRootfs) throw new EngineError('forbidden', words);
}

async function* untilAborted(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => {});
  const stop = () => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  const chunks = archive[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), aborted]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** GNU tar follows no symlink below the directory that it is given; 1: a file changed while it was read. */
const tarArguments = [
  ...['--create', '--file=-', '--directory=/proc/self/fd/3', '--format=posix', '--numeric-owner', '--absolute-names'],
  ...['--pax-option=delete=atime,delete=ctime', '--xattrs', '--xattrs-include=security.capability'],
];
/** Of a running container's root; Docker's view of it has nothing mounted there. */
const kernelFiles = ['proc', 'sys', 'dev'].map((name) => `--exclude=./${name}/*`);

async function* archiveOf(
  { root: _, record, users, close }: ContainerView & { close(): Promise<void> },
  { directory, member, status }: OpenedSource,
  path: string,
): AsyncGenerator<Uint8Array> {
  const isWhole = hasProcess(record.state) && (path === '/' || path === '/.');
  const names = member === '.' ? renaming(path, status.name) : ['--no-recursion', '--', `./${member}`];
  const strip = member === '.' ? [] : ['--transform=s,^\\./,,S'];
  const args = [...tarArguments, '--anchored', ...(isWhole ? kernelFiles : []), ...strip, ...names];
  try {
    const [program, ...all] = asUsersOf(users, ['tar', ...args]);
    yield* filterProgram(program, all, nothing(), { directory, codes: [0, 1] });
  } finally {
    closeSync(directory);
    await close();
  }
}

/** A directory's names begin with its own. */
function renaming(path: string, name: string): string[] {
  if (name === '.') return ['--', '.'];
  if (path === '/') return ['--transform=s,^\\.$,/,S;s,^\\./,/,S', '--', '.'];
  // a dollar or a bracket means nothing here
  const escaped = name.replace(/[\\&,\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
  return [`--transform=s,^\\.,${escaped},S`, '--', '.'];
}

async function* nothing(): AsyncGenerator<Buffer> {}

/** What of a container differs from its image. */
export async function changesOf(
  { snapshots, files }: Pick<FilesDependencies, 'snapshots' | 'files'>,
  id: string,
): Promise<readonly TreeChange[]> {
  const { directory, ...target } = await snapshots.target(containerSnapshot(id));
  return files.changes({ directory, beneath: beneathOf(target), made: madeByStart });
}
