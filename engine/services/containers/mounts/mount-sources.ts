import { closeSync, constants, fstatSync, openSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { chown, mkdir, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { EngineError } from '../../../base/errors.ts';
import { errnoCode, openPathOnly } from '../../../base/libc.ts';
import { openBelow } from '../../../base/libc-open-beneath.ts';
import type { HostMounts } from '../../../drivers/mounts/host-mounts.ts';
import { type MountEntry, mountCovering, readMountTable } from '../../../drivers/mounts/mount-table.ts';
import type { Mounter } from '../../../drivers/mounts/mounter.ts';
import type { OciMount } from '../../../drivers/oci/oci-spec.ts';
import type { Snapshotter } from '../../../storage/snapshots/snapshotter.ts';
import type { ContainerVolumes } from '../../volumes/volume-service.ts';
import type { ContainerPaths } from '../container-paths.ts';
import type { ContainerRecord } from '../container-record.ts';
import { type Remapping, rootOf } from '../remapping.ts';
import { cleanPath } from './check-mount.ts';
import type { MountPoint } from './mount-point.ts';
import { mountPointsOf, showsDataRoot } from './plan-mounts.ts';
import { tmpfsOptions } from './tmpfs-options.ts';

export interface MountSourcesDependencies {
  volumes: ContainerVolumes;
  snapshots: Snapshotter;
  mounter: Mounter;
  hostMounts: HostMounts;
  paths: ContainerPaths;
  dataRoot: string;
  remapping: Remapping | undefined;
}

export interface BroughtMounts {
  mounts: readonly OciMount[];
  /** What the root needs for a shared or slave bind to work (OCI config-linux.md, "Rootfs Mount Propagation"). */
  rootPropagation?: 'rshared' | 'rslave';
}

/** What a container's mounts need on the host while it runs. */
export interface MountSources {
  /**
   * @param remapped whether what belongs to the engine is shown with mapped owners; what is the host's keeps its own
   * @throws EngineError in Docker's words; the caller takes down.
   */
  bringUp(record: ContainerRecord, remapped: boolean): Promise<BroughtMounts>;
  /** After its root filesystem is unmounted; a second call is not an error. */
  takeDown(id: string): Promise<void>;
}

export function createMountSources(dependencies: MountSourcesDependencies): MountSources {
  const { volumes, mounter, hostMounts, paths, dataRoot, remapping } = dependencies;
  return {
    async bringUp(record, remapped) {
      const tmpfs = Object.entries(record.fixed.hostConfig.tmpfs).map(([target, options]) =>
        tmpfsMount({ target: cleanPath(target), options: options.split(','), readOnly: false }),
      );
      const hidden = new Set(tmpfs.map(({ destination }) => destination));
      const site = { dataRoot, hostMounts, owner: remapped && remapping ? rootOf(remapping.map) : undefined };
      const points = mountPointsOf(record).filter(({ target }) => !hidden.has(target));
      const mounts: OciMount[] = [];
      const propagations: string[] = [];
      for (const [index, point] of points.entries()) {
        const propagation = point.type === 'bind' ? await prepareBind(point, site) : 'rprivate';
        propagations.push(propagation);
        mounts.push(await mountOf(dependencies, { id: record.id, index, point, propagation, remapped }));
      }
      const shared = propagations.some((each) => each.endsWith('shared'));
      const slave = propagations.some((each) => each.endsWith('slave'));
      const rootPropagation = shared ? 'rshared' : slave ? 'rslave' : undefined;
      return { mounts: [...mounts, ...tmpfs], ...(rootPropagation && { rootPropagation }) };
    },
    async takeDown(id) {
      await mounter.unmount(paths.sources(id));
      await removeMountPoints(paths.sources(id));
      await volumes.unmount(id);
    },
  };
}

/** One by one, which refuses what is still mounted: never may a recursive removal go down into a volume. */
async function removeMountPoints(directory: string): Promise<void> {
  for (const place of await readdir(directory).catch(() => [])) {
    const file = path.join(directory, place);
    await rmdir(file).catch((error) => {
      if (errnoCode(error) !== 'ENOTDIR') throw error;
      return unlink(file);
    });
  }
  await rmdir(directory).catch((error) => {
    if (errnoCode(error) !== 'ENOENT') throw error;
  });
}

interface Placed {
  id: string;
  index: number;
  point: MountPoint;
  propagation: string;
  remapped: boolean;
}

async function mountOf(dependencies: MountSourcesDependencies, placed: Placed): Promise<OciMount> {
  const { id, point, propagation } = placed;
  const { target, readOnly } = point;
  switch (point.type) {
    case 'tmpfs':
      return tmpfsMount({ target, options: point.options ?? [], readOnly });
    case 'bind':
      return bindMount(point, point.source, propagation);
    case 'volume': {
      const use = { target, readOnly, propagation: '' };
      const data = await dependencies.volumes.mount(point.name ?? '', id, use);
      const idMapped = mappedOwners(dependencies, placed, data);
      const asItIs = point.subpath === undefined && idMapped === undefined;
      const source = asItIs ? data : await bindSubpath(dependencies, placed, { directory: data, idMapped });
      return bindMount(point, source, propagation);
    }
    case 'image':
      return bindMount({ readOnly, target }, await mountImage(dependencies, placed), propagation);
  }
}

/** Whose maps a volume is shown through; what a volume's own options mount is the host's. */
function mappedOwners({ mounter, remapping }: MountSourcesDependencies, { remapped }: Placed, data: string) {
  return remapped && !mounter.list(data).includes(data) ? remapping?.idMapped : undefined;
}

function tmpfsMount({ target, options, readOnly }: { target: string; options: readonly string[]; readOnly: boolean }) {
  return { destination: target, type: 'tmpfs', source: 'tmpfs', options: tmpfsOptions(options, readOnly) };
}

/** Linux 5.12 has mount_setattr(2), by which what is mounted below becomes read-only as well. */
const canMakeAllReadOnly = (() => {
  const [major = 0, minor = 0] = os.release().split('.').map(Number);
  return major > 5 || (major === 5 && minor >= 12);
})();

/** @throws EngineError `invalid` in Docker's words. */
function checkReadOnly(readOnly: boolean, below: MountPoint['readOnlyBelow']): void {
  const refuse = (why: string) => {
    throw new EngineError('invalid', why);
  };
  if (!readOnly && below) {
    const field = below === 'never' ? 'ReadOnlyNonRecursive' : 'ReadOnlyForceRecursive';
    refuse(`mount options conflict: !ReadOnly && BindOptions.${field}`);
  }
  if (below === 'conflict') {
    refuse('mount options conflict: ReadOnlyNonRecursive && BindOptions.ReadOnlyForceRecursive');
  }
  if (below === 'must' && !canMakeAllReadOnly) refuse('rro is not supported: it needs kernel 5.12 or newer');
}

function bindMount(
  point: Pick<MountPoint, 'target' | 'readOnly' | 'nonRecursive' | 'readOnlyBelow'>,
  source: string,
  propagation: string,
): OciMount {
  const { target, readOnly, nonRecursive, readOnlyBelow } = point;
  checkReadOnly(readOnly, readOnlyBelow);
  // nothing is below a file, and crun 1.8 fails there
  const below = readOnlyBelow !== 'never' && canMakeAllReadOnly && statSync(source).isDirectory();
  const access = !readOnly ? 'rw' : below ? 'rro' : 'ro';
  // nothing is below; crun 1.8 takes the `r` of any option for the bind
  const options = nonRecursive ? ['bind', propagation.replace(/^r/, ''), access] : ['rbind', propagation, access];
  return { destination: target, type: 'bind', source, options };
}

interface BindSite {
  dataRoot: string;
  hostMounts: HostMounts;
  /** Of what is made. */
  owner: { uid: number; gid: number } | undefined;
}

/** Makes or looks for a bind's source. @returns the propagation that is possible @throws EngineError in Docker's words */
async function prepareBind(
  { source, propagation, makeSource }: MountPoint,
  { dataRoot, hostMounts, owner }: BindSite,
): Promise<string> {
  try {
    await stat(source);
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw error;
    if (!makeSource) {
      const message = `invalid mount config for type "bind": bind source path does not exist: ${source}`;
      throw new EngineError('invalid', message, { cause: error });
    }
    await makeOwned(source, owner).catch((cause) => {
      throw new EngineError('invalid', `error while creating mount source path '${source}': ${cause.message}`, {
        cause,
      });
    });
  }
  if (propagation.endsWith('private')) return propagation;
  const slave = propagation.endsWith('slave');
  const name = realpathSync(source);
  const [ours, hosts] = [readMountTable(), hostMounts.read()].map((table) => mountCovering(table, name));
  if (isGroup(ours?.peerGroup, hosts?.peerGroup)) return propagation;
  if (slave && isGroup(ours?.masterGroup, hosts?.masterGroup)) return propagation;
  // who sees the data root is given it where it can be
  if (slave && showsDataRoot(source, dataRoot)) return 'rprivate';
  throw notShared(source, hosts, slave);
}

/** Whether the host's mount and ours, its copy, have a group in common: a mount that becomes private leaves its group. */
const isGroup = (ours: number | undefined, hosts: number | undefined) => ours !== undefined && ours === hosts;

function notShared(source: string, on: MountEntry | undefined, slave: boolean): EngineError {
  const kind = slave ? 'shared or slave' : 'shared';
  const isNow = slave ? on?.shared : on?.peerGroup !== undefined;
  const late = isNow ? ' for the engine, which has it from before it was shared' : '';
  return new EngineError('invalid', `path ${source} is mounted on ${on?.target} but it is not a ${kind} mount${late}`, {
    reason: 'container.mount-not-shared',
    params: { path: source },
  });
}

/** With those above it that are missing. */
async function makeOwned(directory: string, owner: BindSite['owner']): Promise<void> {
  const first = await mkdir(directory, { recursive: true, mode: 0o755 });
  if (!owner || first === undefined) return;
  for (let at = path.resolve(directory); at.startsWith(first); at = path.dirname(at)) {
    await chown(at, owner.uid, owner.gid);
  }
}

/** A mount of what lies in a directory now, whatever a container makes of the way to it meanwhile. */
async function bindSubpath(
  { mounter, paths }: MountSourcesDependencies,
  { id, index, point }: Placed,
  { directory, idMapped }: { directory: string; idMapped?: number | undefined },
): Promise<string> {
  const found = openSubpath(directory, point.subpath ?? '.');
  try {
    const place = path.join(paths.sources(id), String(index));
    await mkdir(paths.sources(id), { recursive: true, mode: 0o700 });
    if (fstatSync(found).isDirectory()) await mkdir(place, { recursive: true });
    else writeFileSync(place, '');
    const source = `/proc/self/fd/${found}`;
    await mounter.mount(
      [{ type: 'bind', source, options: ['bind'], ...(idMapped !== undefined && { idMapped }) }],
      place,
    );
    return place;
  } finally {
    closeSync(found);
  }
}

function openSubpath(directory: string, subpath: string): number {
  const top = openSync(directory, openPathOnly | constants.O_DIRECTORY);
  try {
    return openBelow(top, subpath, openPathOnly);
  } catch (cause) {
    const whole = path.join(directory, subpath);
    const code = errnoCode(cause);
    const words =
      code === 'ENOENT'
        ? `lstat ${whole}: no such file or directory`
        : code === 'ENOTDIR'
          ? `lstat ${whole}: not a directory`
          : 'path concatenation escapes the base directory';
    throw new EngineError('invalid', `cannot access path ${whole}: ${words}`, { cause });
  } finally {
    closeSync(top);
  }
}

async function mountImage(dependencies: MountSourcesDependencies, placed: Placed): Promise<string> {
  const { snapshots, mounter, paths, remapping } = dependencies;
  const { id, index, point, remapped } = placed;
  const place = path.join(paths.sources(id), `image-${index}`);
  await mkdir(place, { recursive: true, mode: 0o755 });
  const through = remapped ? remapping?.snapshots : undefined;
  const options = { readOnly: true, ...(through !== undefined && { through }) };
  await mounter.mount(await snapshots.mounts(point.image?.snapshot ?? '', options), place);
  return point.subpath === undefined ? place : bindSubpath(dependencies, placed, { directory: place });
}
