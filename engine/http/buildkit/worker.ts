import type { EngineFacts } from '../../services/system/system-service.ts';

/**
 * What does the builds. With the label of a snapshotter clients ask for archives, pushes and caches elsewhere instead of refusing
 * them by themselves; what is not done here is told by us.
 */
export function workerOf({ id, version, architecture }: EngineFacts) {
  return {
    ID: id,
    Labels: { 'org.mobyproject.buildkit.worker.snapshotter': 'overlayfs' },
    platforms: [{ OS: 'linux', Architecture: architecture }],
    BuildkitVersion: { package: 'beluga', version: `v${version}`, revision: '' },
  };
}
