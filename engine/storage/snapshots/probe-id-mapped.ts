import { existsSync, rmSync } from 'node:fs';
import { chown, mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ProbeMounter } from './choose-snapshotter.ts';
import { kernelOptions, overlayMounts } from './overlay-snapshotter.ts';
import type { Snapshotter } from './snapshotter.ts';

export interface IdMappedTrial {
  /** Of all snapshots. */
  root: string;
  /** Where it is mounted once more, with mapped owners. */
  through: string;
  snapshotter: Snapshotter['name'];
  /** What 0 is for the host. */
  owner: { uid: number; gid: number };
  mounter: ProbeMounter;
}

/**
 * Tries a root filesystem whose layers are seen through mapped owners: an overlay takes such layers since Linux 5.19.
 * @throws what is in the way
 */
export async function tryIdMapped({ root, through, snapshotter, owner, mounter }: IdMappedTrial): Promise<void> {
  if (snapshotter === 'fuse-overlayfs') throw new Error('fuse-overlayfs does not know mounts with mapped owners');
  // the prefix by which the next start takes away what was cut off here
  const name = `probe-${process.pid}`;
  const at = (...names: string[]) => path.join(root, name, ...names);
  const seen = (...names: string[]) => path.join(through, name, ...names);
  try {
    for (const each of ['lower', 'upper', 'work', 'merged']) await mkdir(at(each), { recursive: true });
    await writeFile(at(snapshotter === 'vfs' ? 'upper' : 'lower', 'old'), '');
    const parents = snapshotter === 'vfs' ? [] : [seen('lower')];
    const layers = { directory: seen('upper'), work: seen('work'), parents };
    await mounter.mount(overlayMounts('overlay', layers, { extra: kernelOptions() }), at('merged'));
    if ((await stat(at('merged/old'))).uid !== owner.uid) throw new Error('the owners of layers are not mapped');
    await writeFile(at('merged/new'), '');
    await chown(at('merged/new'), owner.uid, owner.gid);
    if ((await stat(at('upper/new'))).uid !== 0) throw new Error('the owners of new files are not mapped');
  } finally {
    if (existsSync(at('merged'))) await mounter.unmount(at('merged'));
    rmSync(at(), { recursive: true, force: true });
  }
}
