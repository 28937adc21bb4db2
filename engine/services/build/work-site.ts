import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { Digest } from '../../base/digest.ts';
import { openPathOnly } from '../../base/libc.ts';
import type { Mounter } from '../../drivers/mounts/mounter.ts';
import { bundleDirectory } from '../../drivers/mounts/namespace-record.ts';
import { containerSnapshot } from '../../storage/collect/collector.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { RootFiles } from '../../storage/files/root-files.ts';
import { beneathOf } from '../../storage/files/tree-changes.ts';
import type { LateSync } from '../../storage/late-sync.ts';
import type { LayerUnpacker } from '../../storage/snapshots/layer-unpacker.ts';
import { removeUnfinished } from '../../storage/snapshots/remove-unfinished.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { BuildImages } from '../images/image-service.ts';
import type { BuiltLayer, Tree } from './node.ts';

export interface SiteDependencies {
  runRoot: string;
  snapshots: Snapshotter;
  unpacker: Pick<LayerUnpacker, 'remove'>;
  mounter: Mounter;
  files: RootFiles;
  images: BuildImages;
  chainIdOf(diffIds: readonly Digest[]): string;
  /** Steps are made again when they are lost. */
  lateSync: LateSync;
}

/** A root filesystem that is being changed. */
export interface WorkSite {
  /** 64 hex digits: what it is called where a container would be. What a crash leaves of it goes as that of a container. */
  readonly id: string;
  /** Where it is mounted. */
  readonly rootfs: string;
  /** The same, open. */
  readonly root: number;
}

/**
 * Makes a layer on top of a tree: mounts it for as long as `work` takes, and keeps what that has changed. After a failure
 * nothing of it stays. `made`: what the work leaves that is not a change.
 */
export async function makeLayer(
  dependencies: SiteDependencies,
  { input, lease, made = [] }: { input: Tree; lease: Lease; made?: readonly string[] },
  work: (site: WorkSite) => Promise<void>,
): Promise<Tree> {
  const { snapshots, files, images, chainIdOf, lateSync } = dependencies;
  const id = randomBytes(32).toString('hex');
  const key = containerSnapshot(id);
  await snapshots.prepare(key, input.top);
  try {
    const layer = await mounted(dependencies, { id, key }, async (site) => {
      await work(site);
      const { directory, ...target } = await snapshots.target(key);
      const changes = await files.changes({ directory, beneath: beneathOf(target), made });
      return images.keepLayer(lease, (file) => files.pack({ root: site.root, changes, file }));
    });
    const layers: readonly BuiltLayer[] = [...input.layers, { ...layer, created: new Date().toISOString() }];
    const top = chainIdOf(layers.map(({ diffId }) => diffId));
    lease.hold('snapshot', top);
    const usage = await snapshots.usage(key);
    await lateSync.write(() => snapshots.commit(top, key, usage, undefined, { isLate: true }));
    return { layers, top };
  } catch (error) {
    await removeUnfinished(dependencies, key).catch(() => {});
    throw error;
  }
}

/** Gives a tree, mounted for reading, for as long as `work` takes. */
export async function lookInto<T>(
  dependencies: SiteDependencies,
  { top }: Tree,
  work: (site: WorkSite) => Promise<T>,
): Promise<T> {
  const { snapshots } = dependencies;
  const id = randomBytes(32).toString('hex');
  const key = containerSnapshot(id);
  await snapshots.prepare(key, top);
  try {
    return await mounted(dependencies, { id, key, readOnly: true }, work);
  } finally {
    await snapshots.remove(key);
  }
}

async function mounted<T>(
  { runRoot, snapshots, mounter }: SiteDependencies,
  { id, key, readOnly = false }: { id: string; key: string; readOnly?: boolean },
  work: (site: WorkSite) => Promise<T>,
): Promise<T> {
  const bundle = bundleDirectory(runRoot, id);
  const rootfs = path.join(bundle, 'rootfs');
  await mkdir(path.dirname(bundle), { recursive: true, mode: 0o711 });
  await mkdir(bundle, { mode: 0o700 });
  await mkdir(rootfs, { mode: 0o755 });
  let root: number | undefined;
  try {
    await mounter.mount(await snapshots.mounts(key, { readOnly }), rootfs);
    root = openSync(rootfs, openPathOnly | constants.O_DIRECTORY);
    return await work({ id, rootfs, root });
  } finally {
    if (root !== undefined) closeSync(root);
    await mounter.unmount(rootfs);
    await rmdir(rootfs);
    await rm(bundle, { recursive: true, force: true });
  }
}
