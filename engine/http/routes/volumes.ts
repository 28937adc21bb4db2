import { EngineError } from '../../base/errors.ts';
import type { VolumeService } from '../../services/volumes/volume-service.ts';
import { readJson } from '../body.ts';
import { param, type Route, sendEmpty, sendJson } from '../route.ts';
import { flag } from '../wire/query.ts';
import { validate } from '../wire/validate.ts';
import { createVolumeFromWire, pruneVolumesFromWire, volumeFilter, volumeToWire } from '../wire/volume.ts';

/** Volumes: create, list, look, remove, prune. */
export function volumeRoutes({ volumes }: { volumes: VolumeService }): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/volumes',
      handler: (x) =>
        sendJson(x, 200, { Volumes: volumes.list().filter(volumeFilter(x.query)).map(volumeToWire), Warnings: null }),
    },
    {
      method: 'POST',
      path: '/volumes/create',
      handler: async (x) => {
        const body = (await readJson(x.request)) ?? {};
        const request = createVolumeFromWire(validate('VolumeCreateOptions', body));
        sendJson(x, 201, volumeToWire(await volumes.create(request)));
      },
    },
    {
      method: 'POST',
      path: '/volumes/prune',
      handler: async (x) => {
        const { removed, reclaimed } = await volumes.prune(pruneVolumesFromWire(x.query, x.version));
        sendJson(x, 200, { VolumesDeleted: removed, SpaceReclaimed: reclaimed });
      },
    },
    {
      method: 'GET',
      path: '/volumes/:name',
      handler: (x) => sendJson(x, 200, volumeToWire(volumes.inspect(param(x, 'name')))),
    },
    {
      method: 'PUT',
      path: '/volumes/:name',
      handler: () => {
        const message = 'volume update only valid for cluster volumes, but swarm is unavailable';
        throw new EngineError('unavailable', message);
      },
    },
    {
      method: 'DELETE',
      path: '/volumes/:name',
      handler: async (x) => {
        await volumes.remove(param(x, 'name'), { force: flag(x.query, 'force') });
        sendEmpty(x);
      },
    },
  ];
}
