import { openDirectorySnapshotter, type SnapshotterOptions } from './directory-snapshotter.ts';
import type { Snapshotter } from './snapshotter.ts';

/** Every snapshot a full copy of its parent (Docker's `vfs`): works on any filesystem, costs disk and time. */
export function openPlainCopySnapshotter(options: SnapshotterOptions): Promise<Snapshotter> {
  return openDirectorySnapshotter(options, {
    name: 'vfs',
    copiesParent: true,
    mounts: ({ directory }) => [{ type: 'bind', source: directory, options: ['rbind', 'rw'] }],
  });
}
