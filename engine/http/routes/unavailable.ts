import type { EngineError } from '../../base/errors.ts';
import { notThereYet } from '../not-there-yet.ts';
import type { Route } from '../route.ts';

/** What Docker has and Beluga has not yet, by method and path: one sentence instead of an unknown page. */
const notYet: readonly (readonly [what: string, ...endpoints: readonly `${Route['method']} ${string}`[]])[] = [
  ['image attestations', 'GET /images/:name/attestations'],
  ['creating networks', 'POST /networks/create'],
  ['connecting networks', 'POST /networks/:id/connect', 'POST /networks/:id/disconnect'],
];

function route(endpoint: string, fail: () => EngineError): Route {
  const [method, path] = endpoint.split(' ') as [Route['method'], string];
  return {
    method,
    path,
    handler: () => {
      throw fail();
    },
  };
}

export const unavailableRoutes: readonly Route[] = [
  ...notYet.flatMap(([what, ...endpoints]) =>
    endpoints.map((endpoint) =>
      route(endpoint, () => {
        return notThereYet(`${what} (${endpoint})`);
      }),
    ),
  ),
];
