import type { ContainerFiles, ContainerPruner } from '../../services/containers/container-files-service.ts';
import { bodyOf, readJson } from '../body.ts';
import { type Exchange, param, type Route, sendEmpty, sendJson } from '../route.ts';
import { sendArchive } from '../stream.ts';
import { commitFromWire } from '../wire/commit.ts';
import { archivePath, changesToWire, pathStatToWire } from '../wire/path-stat.ts';
import { pruneContainersFromWire } from '../wire/prune-containers.ts';
import { flag } from '../wire/query.ts';
import { validate } from '../wire/validate.ts';

const statHeader = 'X-Docker-Container-Path-Stat';

async function read(files: ContainerFiles, x: Exchange): Promise<void> {
  const { status, archive } = await files.read(param(x, 'name'), archivePath(x.query));
  x.response.setHeader(statHeader, pathStatToWire(status));
  await sendArchive(x, archive);
}

async function write(files: ContainerFiles, x: Exchange): Promise<void> {
  const archive = bodyOf(x.request);
  const options = { keepKinds: flag(x.query, 'noOverwriteDirNonDir'), asUser: flag(x.query, 'copyUIDGID') };
  try {
    await files.write(param(x, 'name'), archivePath(x.query), archive, options);
  } finally {
    archive.destroy();
  }
  sendEmpty(x, 200);
}

async function commit(files: ContainerFiles, x: Exchange): Promise<void> {
  const body = await readJson(x.request);
  const request = commitFromWire(
    x.query,
    body === undefined || body === null ? undefined : validate('ContainerCreateRequest', body),
  );
  sendJson(x, 201, { Id: await files.commit(request) });
}

interface Services {
  files: ContainerFiles;
  pruneContainers: ContainerPruner;
}

/** Files of containers: copying in and out, what has changed, that as an image; and taking containers away. */
export function containerFileRoutes({ files, pruneContainers }: Services): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/containers/prune',
      handler: async (x) => {
        const { removed, reclaimed } = await pruneContainers(pruneContainersFromWire(x.query));
        sendJson(x, 200, { ContainersDeleted: removed.length > 0 ? removed : null, SpaceReclaimed: reclaimed });
      },
    },
    {
      method: 'HEAD',
      path: '/containers/:name/archive',
      handler: async (x) => {
        x.response.setHeader(statHeader, pathStatToWire(await files.stat(param(x, 'name'), archivePath(x.query))));
        sendEmpty(x, 200);
      },
    },
    { method: 'GET', path: '/containers/:name/archive', handler: (x) => read(files, x) },
    { method: 'POST', path: '/commit', handler: (x) => commit(files, x) },
    { method: 'PUT', path: '/containers/:name/archive', handler: (x) => write(files, x) },
    {
      method: 'GET',
      path: '/containers/:name/changes',
      handler: async (x) => sendJson(x, 200, changesToWire(await files.changes(param(x, 'name')))),
    },
  ];
}
