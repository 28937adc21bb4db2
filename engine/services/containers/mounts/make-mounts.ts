import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../../../base/errors.ts';
import { errnoCode, openPathOnly } from '../../../base/libc.ts';
import { openInRoot } from '../../../base/libc-open-beneath.ts';
import type { Mounter } from '../../../drivers/mounts/mounter.ts';
import { containerSnapshot } from '../../../storage/collect/collector.ts';
import type { Snapshotter } from '../../../storage/snapshots/snapshotter.ts';
import type { ImageService } from '../../images/image-service.ts';
import type { ContainerVolumes } from '../../volumes/volume-service.ts';
import type { ContainerPaths } from '../container-paths.ts';
import type { MountPoint, PlannedMount } from './mount-point.ts';

export interface MakeMountsDependencies {
  volumes: ContainerVolumes;
  snapshots: Snapshotter;
  images(): Pick<ImageService, 'inspect'>;
  mounter: Mounter;
  paths: ContainerPaths;
}

/**
 * Makes what a new container's mounts need: volumes, filled from its root filesystem where they are empty, and snapshots of
 * images. After a failure the caller releases the volumes and removes the container's snapshots.
 * @param id of the container, whose snapshot is there
 * @throws EngineError in Docker's words
 */
export async function makeMounts(
  dependencies: MakeMountsDependencies,
  id: string,
  planned: readonly PlannedMount[],
): Promise<MountPoint[]> {
  const made: MountPoint[] = [];
  for (const [index, mount] of planned.entries()) made.push(await makeMount(dependencies, { id, index, mount }));
  const toFill = planned.flatMap((mount, index) => {
    const name = made[index]?.name;
    return mount.copy && name !== undefined ? [{ mount, name }] : [];
  });
  if (toFill.length > 0) {
    await withRoot(dependencies, id, async (root) => {
      for (const { mount, name } of toFill) await fillVolume(dependencies.volumes, { id, root, mount, name });
    });
  }
  return made;
}

/** The key of a snapshot that shows an image as a mount of a container; goes with it. */
export const imageMountSnapshot = (id: string, index: number) => `${containerSnapshot(id)}:${index}`;

async function makeMount(
  { volumes, images, snapshots }: MakeMountsDependencies,
  { id, index, mount: planned }: { id: string; index: number; mount: PlannedMount },
): Promise<MountPoint> {
  const { volume, copy: _, inherited, declared, ...mount } = planned;
  if (mount.type === 'image') {
    const image = await images().inspect(mount.source);
    const snapshot = imageMountSnapshot(id, index);
    await snapshots.prepare(snapshot, image.topSnapshot);
    return { ...mount, image: { id: image.id, snapshot } };
  }
  if (!volume) return mount;
  const taken = await volumes.take(id, {
    ...volume,
    driver: mount.driver ?? 'local',
    ...(inherited && { mustExist: true }),
    ...(mount.anonymous && { temporary: true }),
    ...(declared && { marked: true }),
  });
  // Docker's label for what nobody gave words for: without effect where the host has no SELinux
  const mode = mount.mode === '' && !declared && !inherited ? 'z' : mount.mode;
  return { ...mount, mode, name: taken.name, source: taken.mountpoint };
}

/** The container's root filesystem, for a moment and for reading only. */
async function withRoot(
  { snapshots, mounter, paths }: MakeMountsDependencies,
  id: string,
  use: (root: number) => Promise<void>,
): Promise<void> {
  await mkdir(paths.allViews, { recursive: true, mode: 0o700 });
  const view = await mkdtemp(path.join(paths.allViews, `${id}-`));
  try {
    await mounter.mount(await snapshots.mounts(containerSnapshot(id), { readOnly: true }), view);
    const root = openSync(view, openPathOnly | constants.O_DIRECTORY);
    try {
      await use(root);
    } finally {
      closeSync(root);
    }
  } finally {
    await mounter.unmount(view);
    await rmdir(view);
  }
}

async function fillVolume(
  volumes: ContainerVolumes,
  { id, root, mount, name }: { id: string; root: number; mount: PlannedMount; name: string },
): Promise<void> {
  const source = openIfThere(root, mount.target);
  if (source === undefined) return;
  try {
    const isDirectory = fstatSync(source).isDirectory();
    if (!isDirectory && mount.declared) {
      throw new EngineError('invalid', `cannot mount volume over existing file, file exists ${mount.target}`);
    }
    if (isDirectory) await volumes.fill(name, id, `/proc/self/fd/${source}/.`, mount.subpath);
  } finally {
    closeSync(source);
  }
}

function openIfThere(root: number, target: string): number | undefined {
  try {
    return openInRoot(root, target, openPathOnly);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoCode(error) ?? '')) return undefined;
    throw error;
  }
}
