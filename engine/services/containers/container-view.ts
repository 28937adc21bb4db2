import { closeSync, constants, existsSync, openSync, readlinkSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { createKeyedLock, type KeyedLock } from '../../base/keyed-lock.ts';
import { errnoCode, openPathOnly } from '../../base/libc.ts';
import { makeDirectoriesInRoot, openInRoot } from '../../base/libc-open-beneath.ts';
import { isAlive } from '../../base/process-identity.ts';
import type { Mounter } from '../../drivers/mounts/mounter.ts';
import type { UserNamespace } from '../../drivers/userns/process-ids.ts';
import { containerSnapshot } from '../../storage/collect/collector.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { ContainerVolumes } from '../volumes/volume-service.ts';
import { detailsOf } from './container-details.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStore } from './container-store.ts';
import { mountPointsOf } from './mounts/plan-mounts.ts';
import { type Remapping, remappingFor, userNamespaceOfContainer } from './remapping.ts';
import { hasProcess } from './state-machine.ts';
import { allowRemount } from './volatile-layer.ts';

/** A container's files as it sees them. */
export interface ContainerView {
  /** Its root directory, open until `close`. */
  readonly root: number;
  readonly record: ContainerRecord;
  /** Whose users its files have; undefined: the host's. */
  readonly users: UserNamespace | undefined;
  /**
   * After each look at its paths: what was mounted in a container that ran leaves its root with its end.
   * @throws EngineError `conflict` once it has ended
   */
  check(): void;
  /** Fires when somebody needs the container: what is done with the view has to end. */
  readonly signal: AbortSignal;
}

export interface ContainerViews {
  /** Gives the files of a container for as long as `work` takes, whatever it does meanwhile. @throws EngineError `not-found`, `conflict` */
  use<T>(name: string, how: 'read' | 'write', work: (view: ContainerView) => Promise<T>): Promise<T>;
  /** As `use`, for work that hands its view on: it is closed by `close`. */
  open(name: string, how: 'read' | 'write'): Promise<ContainerView & { close(): Promise<void> }>;
  /** Gives the container's root as its layers show it, without what is mounted there. */
  layers<T>(id: string, work: (root: number) => Promise<T>): Promise<T>;
  /** Ends what writes, before the container is started or removed. */
  release(id: string): Promise<void>;
}

export interface ViewParts {
  store: ContainerStore;
  lock: KeyedLock;
  snapshots: Snapshotter;
  mounter: Mounter;
  paths: ContainerPaths;
  volumes: Pick<ContainerVolumes, 'borrow'>;
  remapping: Remapping | undefined;
}

interface Opened {
  root: number;
  check?(): void;
  close(): Promise<void>;
}

/**
 * Of a running container its root as its first process has it, with everything that is mounted there; of any other its
 * layers, and what would be mounted on them, mounted for a while.
 */
export function createContainerViews(parts: ViewParts): ContainerViews {
  const { store, lock } = parts;
  const writes = createKeyedLock();
  const writing = new Map<string, { stop: AbortController; closed: Promise<void> }>();

  const open: ContainerViews['open'] = async (name, how) => {
    const { id } = store.resolve(name);
    return lock.run(id, async () => {
      const record = store.resolve(id);
      if (record.state === 'removing' || record.state === 'dead') throw beingRemoved(record);
      const users = usersOf(record, parts.remapping);
      const opened = hasProcess(record.state) ? openRunning(record) : await openWithVolumes(parts, record, how);
      const stop = new AbortController();
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      if (how === 'write') writing.set(id, { stop, closed });
      return {
        ...{ root: opened.root, record, users, signal: stop.signal, check: () => opened.check?.() },
        async close() {
          try {
            await opened.close();
          } finally {
            if (how === 'write') writing.delete(id);
            resolve();
          }
        },
      };
    });
  };
  const once: ContainerViews['use'] = async (name, how, work) => {
    const view = await open(name, how);
    try {
      return await work(view).finally(view.check);
    } finally {
      await view.close();
    }
  };
  return {
    open,
    use(name, how, work) {
      if (how === 'read') return once(name, how, work);
      // two that write would mount the same layer twice
      return writes.run(store.resolve(name).id, () => once(name, how, work));
    },
    async layers(id, work) {
      const { root, close } = await lock.run(id, () => openLayers(parts, store.resolve(id)));
      try {
        return await work(root);
      } finally {
        await close();
      }
    },
    async release(id) {
      const view = writing.get(id);
      view?.stop.abort(
        new EngineError('conflict', `container ${id} was started or removed while files were copied to it`),
      );
      await view?.closed;
    },
  };
}

function usersOf(record: ContainerRecord, remapping: Remapping | undefined): UserNamespace | undefined {
  try {
    return userNamespaceOfContainer(record, remapping);
  } catch {
    throw notRunning(record);
  }
}

/** With the owners that they have in the container. */
async function openLayers(parts: ViewParts, record: ContainerRecord): Promise<Opened> {
  // the files of remapped users, as they are on the disk
  const isRemapped = usersOf(record, parts.remapping) !== undefined;
  if (isRemapped || !hasProcess(record.state)) return mountView({ ...parts, remapping: undefined }, record, true);
  const root = directoryOf(parts.paths.rootfs(record.id));
  return { root, close: async () => closeSync(root) };
}

const directoryOf = (name: string) => openSync(name, openPathOnly | constants.O_DIRECTORY);

const notRunning = ({ id, name }: ContainerRecord) =>
  new EngineError('conflict', `container ${id} is not running`, {
    reason: 'container.not-running',
    params: { name },
  });

function openRunning(record: ContainerRecord): Opened {
  const { process } = record.status;
  if (!process) throw notRunning(record);
  const top = `/proc/${process.pid}/root/`;
  // a process that ends loses its root before its mounts go; its number may be another's later
  const check = () => {
    if (!existsSync(top) || !isAlive(process)) throw notRunning(record);
  };
  let root: number;
  try {
    root = directoryOf(top);
  } catch {
    throw notRunning(record);
  }
  try {
    check();
  } catch (error) {
    closeSync(root);
    throw error;
  }
  return { root, check, close: async () => closeSync(root) };
}

/** With what the volumes' own options mount on them. */
async function openWithVolumes(parts: ViewParts, record: ContainerRecord, how: 'read' | 'write'): Promise<Opened> {
  const names = mountPointsOf(record).flatMap(({ name }) => (name === undefined ? [] : [name]));
  const giveBack = await parts.volumes.borrow(record.id, names);
  try {
    const { root, close } = await openStopped(parts, record, how);
    return { root, close: () => close().finally(giveBack) };
  } catch (error) {
    await giveBack();
    throw error;
  }
}

async function openStopped(parts: ViewParts, record: ContainerRecord, how: 'read' | 'write'): Promise<Opened> {
  const readOnly = how === 'read' || record.fixed.hostConfig.readonlyRootfs;
  const view = await mountView(parts, record, readOnly);
  try {
    const missing = await view.mountMore();
    if (missing.length === 0) return view;
    // root of the host makes directories of its own where users are remapped
    if (!readOnly && !remappingFor(parts.remapping, record.fixed.hostConfig)) {
      makeMountPoints(view.directory, missing);
      await view.mountMore();
      return view;
    }
  } catch (error) {
    await view.close();
    throw error;
  }
  // a container that never ran has no places for its mounts yet
  await view.close();
  const made = await mountView({ ...parts, remapping: undefined }, record, false);
  try {
    makeMountPoints(made.directory, await made.missing());
  } finally {
    await made.close();
  }
  const again = await mountView(parts, record, readOnly);
  await again.mountMore().catch(async (error) => {
    await again.close();
    throw error;
  });
  return again;
}

/** What is mounted on the layers. */
interface Inside {
  source: string;
  target: string;
  readOnly: boolean;
  isDirectory: boolean;
  /** A volume, which has no owners of the host. */
  isVolume: boolean;
}

function insideOf(record: ContainerRecord, paths: ContainerPaths): Inside[] {
  const { mounts, paths: files } = detailsOf(record, paths);
  const all = [
    ...[files.resolvConf, files.hostname, files.hosts].map((source) => ({
      ...{ source, target: `/etc/${path.basename(source)}`, readOnly: false, type: 'file' },
    })),
    // the way to a part of a volume may have been changed by a container: only a start goes it safely
    ...mounts.filter(({ type, subpath }) => type !== 'tmpfs' && subpath === undefined),
  ];
  return all
    .filter(({ source }) => source.startsWith('/') && existsSync(source))
    .map(({ source, target, readOnly, type }) => ({
      ...{ source, target, readOnly, isVolume: type === 'volume' },
      isDirectory: statSync(source).isDirectory(),
    }));
}

async function mountView(parts: ViewParts, record: ContainerRecord, readOnly: boolean) {
  const { snapshots, mounter, paths } = parts;
  const remapping = remappingFor(parts.remapping, record.fixed.hostConfig);
  const { id } = record;
  await mkdir(paths.allViews, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(path.join(paths.allViews, `${id}-`));
  let root: number | undefined;
  const close = async () => {
    if (root !== undefined) closeSync(root);
    root = undefined;
    await mounter.unmount(directory);
    await rmdir(directory);
  };
  try {
    const options = { readOnly, ...(remapping && { through: remapping.snapshots }) };
    const mounts = await snapshots.mounts(containerSnapshot(id), options);
    await allowRemount(record, mounts);
    await mounter.mount(mounts, directory);
    root = directoryOf(directory);
  } catch (error) {
    await close();
    throw error;
  }
  const top = root;
  const place = (target: string) => placeOf(top, target);
  return {
    ...{ root: top, directory, close },
    missing: async () => insideOf(record, paths).filter(({ target }) => place(target) === undefined),
    /** Mounts what has a place, and gives what has none. */
    async mountMore() {
      const missing: Inside[] = [];
      for (const inside of insideOf(record, paths)) {
        const at = place(inside.target);
        if (at === undefined) missing.push(inside);
        // alone, without what is mounted in the source: taking that down again would reach the host
        else if (at.startsWith(`${directory}/`) && !mounter.list(at).includes(at)) {
          const { source, isVolume } = inside;
          const mapped = remapping && isVolume && !mounter.list(source).includes(source);
          const options = ['bind', inside.readOnly ? 'ro' : 'rw'];
          await mounter.mount([{ type: 'bind', source, options, ...(mapped && { idMapped: remapping.idMapped }) }], at);
        }
      }
      return missing;
    },
  };
}

/** Where a path of a root is, without any symlink; undefined where there is nothing. */
function placeOf(root: number, target: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openInRoot(root, target, openPathOnly);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoCode(error) ?? '')) return undefined;
    throw error;
  }
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } finally {
    closeSync(descriptor);
  }
}

/** As the runtime makes them when the container is started. */
function makeMountPoints(root: string, missing: readonly Inside[]): void {
  for (const { target, isDirectory } of missing) {
    try {
      const parent = makeDirectoriesInRoot(root, isDirectory ? target : path.posix.dirname(target));
      if (isDirectory || !parent.startsWith(root)) continue;
      const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
      closeSync(openSync(path.join(parent, path.posix.basename(target)), flags, 0o755));
    } catch (error) {
      // something else is in the way: the start will say so
      if (!['ENOTDIR', 'EEXIST', 'ENOENT', 'ELOOP'].includes(errnoCode(error) ?? '')) throw error;
    }
  }
}

function beingRemoved({ id, state, name }: ContainerRecord): EngineError {
  const words = state === 'dead' ? 'dead' : 'being removed';
  return new EngineError('conflict', `container ${id} is ${words}: its files cannot be copied`, {
    reason: 'container.not-found',
    params: { name },
  });
}
