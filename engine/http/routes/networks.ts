import { EngineError } from '../../base/errors.ts';
import type { ContainerService } from '../../services/containers/container-service.ts';
import type { NetworkService } from '../../services/networks/network-service.ts';
import type { SystemService } from '../../services/system/system-service.ts';
import { param, type Route, sendJson } from '../route.ts';
import { endpointsToWire, networkFilter, networksToWire } from '../wire/networks.ts';
import { pruneContainersFromWire } from '../wire/prune-containers.ts';
import { parseFilters } from '../wire/query.ts';

const filterNames = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];

interface NetworkRouteDependencies {
  containers: Pick<ContainerService, 'list'>;
  networks: NetworkService;
  system: SystemService;
}

/** The predefined networks (`none`, `host`, `bridge`) and, empty until they come, plugins. */
export function networkRoutes({ containers, networks, system }: NetworkRouteDependencies): readonly Route[] {
  const all = () => networksToWire({ facts: system.facts(), bridge: networks.bridge() });
  const find = (wanted: string) => {
    const found = all().find(({ Name }) => Name === wanted) ?? all().find(({ Id }) => wanted && Id?.startsWith(wanted));
    if (!found) throw new EngineError('not-found', `network ${wanted} not found`);
    return found;
  };
  return [
    {
      method: 'GET',
      path: '/networks',
      handler: (x) => sendJson(x, 200, all().filter(networkFilter(parseFilters(x.query, filterNames)))),
    },
    {
      method: 'GET',
      path: '/networks/:id',
      handler: async (x) => {
        const found = find(param(x, 'id'));
        const running = await containers.list({ filters: { status: ['running', 'paused'] } });
        sendJson(x, 200, { ...found, Containers: endpointsToWire(found.Name ?? '', running) });
      },
    },
    {
      method: 'DELETE',
      path: '/networks/:id',
      handler: (x) => {
        const { Name } = find(param(x, 'id'));
        throw new EngineError('forbidden', `${Name} is a pre-defined network and cannot be removed`);
      },
    },
    {
      method: 'POST',
      path: '/networks/prune',
      handler: (x) => {
        // the filters are those of containers
        pruneContainersFromWire(x.query);
        networks.prune();
        sendJson(x, 200, { NetworksDeleted: null });
      },
    },
    { method: 'GET', path: '/plugins', handler: (x) => sendJson(x, 200, []) },
    {
      method: 'GET',
      path: '/plugins/:name/json',
      handler: (x) => {
        throw new EngineError('not-found', `plugin "${param(x, 'name')}" not found`);
      },
    },
  ];
}
