import type { EngineFacts } from '../../services/system/system-service.ts';

/** What does the builds. Without the label of its snapshotter clients refuse by themselves what is not done here yet. */
export function workerOf({ id, version, architecture }: EngineFacts) {
  return {
    ID: id,
    Labels: {},
    platforms: [{ OS: 'linux', Architecture: architecture }],
    BuildkitVersion: { package: 'beluga', version: `v${version}`, revision: '' },
  };
}
