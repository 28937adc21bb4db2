import { chown, lstat, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { errnoCode } from '../../base/libc.ts';
import { makeDirectoriesInRoot } from '../../base/libc-open-beneath.ts';

/** Where every container gets a filesystem of the kernel's. */
const kernelDirectories = ['dev', 'proc', 'sys'];

/**
 * Makes real directories of the mount points that every container has, as Docker's init layer does. A runtime makes
 * the links and devices of /dev by following the path before it changes the root: an image whose /dev is a symlink would
 * have them made on the host.
 *
 * And those of VOLUMEs that are part of the container's own layer, as Beluga 0.1 had them. Where a file or a link to
 * nowhere has such a name, it stays.
 * @param rootfs mounted root filesystem, in which nothing runs
 * @param owner of what is made
 * @returns the directories of the VOLUMEs, each by its path in the container, with no symlink on the way
 */
export async function prepareMountPoints(
  rootfs: string,
  volumes: readonly string[],
  owner: { uid: number; gid: number } = { uid: 0, gid: 0 },
): Promise<ReadonlyMap<string, string>> {
  for (const name of kernelDirectories) {
    const directory = path.join(rootfs, name);
    if (await isDirectory(directory)) continue;
    await rm(directory, { force: true });
    await mkdir(directory, { mode: 0o755 });
    await chown(directory, owner.uid, owner.gid);
  }
  return new Map(
    volumes.flatMap((volume) => {
      const directory = makeVolume(rootfs, volume);
      return directory === undefined ? [] : [[volume, directory]];
    }),
  );
}

function makeVolume(rootfs: string, volume: string): string | undefined {
  try {
    return makeDirectoriesInRoot(rootfs, volume);
  } catch (error) {
    if (!['ENOTDIR', 'ENOENT', 'ELOOP'].includes(errnoCode(error) ?? '')) throw error;
    return undefined;
  }
}

async function isDirectory(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isDirectory();
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return false;
    throw error;
  }
}
