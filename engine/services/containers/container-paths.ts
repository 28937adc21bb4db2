import path from 'node:path';
import { bundlesDirectory } from '../../drivers/mounts/namespace-record.ts';

/** Where a container's files lie. */
export interface ContainerPaths {
  /** `<data root>/containers`. */
  readonly allDirectories: string;
  /** `<run root>/bundles`. */
  readonly allBundles: string;
  /** `<run root>/views`: root filesystems that are mounted for a moment, for reading. */
  readonly allViews: string;
  /** `<run root>/sources/ID`: mounts of a running container that are no directories of the host as they are. */
  sources(id: string): string;
  /** Kept as long as the container: log and host files. */
  directory(id: string): string;
  log(id: string): string;
  /** OCI bundle, there while it runs. */
  bundle(id: string): string;
  /** Mount point of its root filesystem, in the bundle. */
  rootfs(id: string): string;
  /** Its /dev/shm, where that is shared with others; in the bundle. */
  sharedMemory(id: string): string;
  /** File that its user namespace is bound on, where it has one; in the bundle. */
  userNamespace(id: string): string;
}

export function containerPaths({ dataRoot, runRoot }: { dataRoot: string; runRoot: string }): ContainerPaths {
  const allDirectories = path.join(dataRoot, 'containers');
  const allBundles = bundlesDirectory(runRoot);
  return {
    allDirectories,
    allBundles,
    allViews: path.join(runRoot, 'views'),
    sources: (id) => path.join(runRoot, 'sources', id),
    directory: (id) => path.join(allDirectories, id),
    log: (id) => path.join(allDirectories, id, 'container.log'),
    bundle: (id) => path.join(allBundles, id),
    rootfs: (id) => path.join(allBundles, id, 'rootfs'),
    sharedMemory: (id) => path.join(allBundles, id, 'shm'),
    userNamespace: (id) => path.join(allBundles, id, 'userns'),
  };
}
