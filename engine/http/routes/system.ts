import type { EventBus } from '../../events/event-bus.ts';
import type { BuildService } from '../../services/build/build-service.ts';
import type { ContainerService } from '../../services/containers/container-service.ts';
import type { ImageService } from '../../services/images/image-service.ts';
import type { RegistryService } from '../../services/registries/registry-service.ts';
import type { SystemService } from '../../services/system/system-service.ts';
import type { VolumeService } from '../../services/volumes/volume-service.ts';
import type { BelugaDoctor } from '../extension-types.ts';
import { type Exchange, type Route, sendJson } from '../route.ts';
import { diskUsageToWire, diskUsageTypes } from '../wire/disk-usage.ts';
import { registryConfigToWire } from '../wire/registry-config.ts';
import { belugaVersionToWire, infoToWire, versionToWire } from '../wire/system.ts';

function ping({ request, response }: Exchange): void {
  response.writeHead(200, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': request.method === 'HEAD' ? 0 : 2,
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    Pragma: 'no-cache',
    'Builder-Version': '2',
    Swarm: 'inactive',
  });
  response.end(request.method === 'HEAD' ? undefined : 'OK');
}

/** /_ping, /version, /info, /system/df and the extension under /beluga. */
export function systemRoutes({
  system,
  containers,
  images,
  registries,
  volumes,
  builds,
  events,
}: {
  system: SystemService;
  containers: ContainerService;
  images: ImageService;
  registries: RegistryService;
  volumes: VolumeService;
  builds: Pick<BuildService, 'cache'>;
  events: Pick<EventBus, 'watchers'>;
}): readonly Route[] {
  return [
    { method: 'GET', path: '/_ping', handler: ping },
    { method: 'HEAD', path: '/_ping', handler: ping },
    { method: 'GET', path: '/version', handler: (x) => sendJson(x, 200, versionToWire(system.facts())) },
    {
      method: 'GET',
      path: '/info',
      handler: async (x) => {
        const registryConfig = registryConfigToWire(registries.overview());
        sendJson(x, 200, infoToWire(system.facts(), await system.counts(), registryConfig, events.watchers()));
      },
    },
    {
      method: 'GET',
      path: '/system/df',
      handler: async (x) => {
        const types = diskUsageTypes(x.query, x.version);
        const everything = {
          images: await images.list(),
          layers: await images.space.layers(),
          containers: await containers.list({ all: true, sizes: types.has('container') }),
          volumes: types.has('volume') ? await volumes.usage() : [],
          builds: types.has('build-cache') ? await builds.cache() : [],
          instance: system.facts().instance,
        };
        sendJson(x, 200, diskUsageToWire(everything, types, x.version));
      },
    },
    { method: 'GET', path: '/beluga/version', handler: (x) => sendJson(x, 200, belugaVersionToWire(system.facts())) },
    {
      method: 'GET',
      path: '/beluga/doctor',
      handler: async (x) => sendJson(x, 200, { probes: await system.doctor() } satisfies BelugaDoctor),
    },
  ];
}
