import { openDirectorySnapshotter, type SnapshotterOptions } from './directory-snapshotter.ts';
import { overlayMounts } from './overlay-snapshotter.ts';
import type { Snapshotter } from './snapshotter.ts';

/** The fuse-overlayfs program, with the same directories as overlay: for kernels that refuse an overlay here. */
export function openFuseOverlayfsSnapshotter(options: SnapshotterOptions): Promise<Snapshotter> {
  return openDirectorySnapshotter(options, {
    name: 'fuse-overlayfs',
    copiesParent: false,
    mounts: (layers, options) => overlayMounts('fuse-overlayfs', layers, { ...options, extra: [] }),
  });
}
