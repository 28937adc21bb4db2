import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerDetails } from './container-service.ts';
import { hostFilePaths } from './host-files.ts';
import { mountPointsOf } from './mounts/plan-mounts.ts';
import { joinedContainer } from './namespace-modes.ts';

/** A container as the outside sees it. */
export function detailsOf(record: ContainerRecord, paths: ContainerPaths): ContainerDetails {
  const { id, name, state, createdNano, fixed, status } = record;
  return {
    id,
    name,
    state,
    createdAt: new Date(Number(createdNano / 1_000_000n)),
    pid: status.pid,
    exitCode: status.exitCode,
    error: status.error,
    ...(status.failure && { failure: status.failure }),
    oomKilled: status.oomKilled,
    ...(status.health && { health: status.health }),
    ...(status.startedAt !== undefined && { startedAt: new Date(status.startedAt) }),
    ...(status.finishedAt !== undefined && { finishedAt: new Date(status.finishedAt) }),
    ...fixed,
    paths: {
      log: fixed.hostConfig.logDriver === 'json-file' ? paths.log(id) : '',
      // who joins another's network has its files
      ...hostFilePaths(paths.directory(joinedContainer(fixed.hostConfig.networkMode) ?? id)),
      rootfs: paths.rootfs(id),
    },
    mounts: mountPointsOf(record),
    ...(status.appArmorProfile && { appArmorProfile: status.appArmorProfile }),
    restartCount: status.restartCount ?? 0,
    ...(status.endpoint && { endpoint: status.endpoint }),
  };
}
