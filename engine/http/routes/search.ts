import type { RegistryService } from '../../services/registries/registry-service.ts';
import { clientLeaves } from '../client-leaves.ts';
import type { BelugaNames, BelugaTags } from '../extension-types.ts';
import { type Exchange, type Route, sendJson } from '../route.ts';
import { loginFromWire } from '../wire/pull.ts';
import { foundToWire, searchFilterFromWire } from '../wire/search.ts';

/** GET /images/search, and what the app completes names with. */
export function searchRoutes({ registries }: { registries: RegistryService }): readonly Route[] {
  const search = async (x: Exchange) => {
    const { limit, passes } = searchFilterFromWire(x.query);
    const login = loginFromWire(x.request.headers['x-registry-auth']);
    const term = x.query.get('term') ?? '';
    const found = await registries.search({ term, limit, signal: clientLeaves(x), ...(login && { login }) });
    sendJson(x, 200, found.filter(passes).map(foundToWire));
  };
  const names = async (x: Exchange) => {
    const found = await registries.names(x.query.get('text') ?? '', clientLeaves(x));
    sendJson(x, 200, found satisfies BelugaNames);
  };
  const tags = async (x: Exchange) => {
    const login = loginFromWire(x.request.headers['x-registry-auth']);
    const name = x.query.get('name') ?? '';
    const found = await registries.tags({ name, signal: clientLeaves(x), ...(login && { login }) });
    sendJson(x, 200, found satisfies BelugaTags);
  };
  return [
    { method: 'GET', path: '/images/search', handler: search },
    { method: 'GET', path: '/beluga/names', handler: names },
    { method: 'GET', path: '/beluga/tags', handler: tags },
  ];
}
