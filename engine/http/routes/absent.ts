import { EngineError } from '../../base/errors.ts';
import { type Exchange, param, type Route } from '../route.ts';

/**
 * What Beluga does not have at all, answered as a dockerd that does not use it: in no swarm, without managed plugins,
 * without experimental features, with an empty build cache.
 */
export const absentRoutes: readonly Route[] = [...swarm(), ...plugins(), ...checkpoints()];

function refusal(endpoint: string, fail: (x: Exchange) => EngineError): Route {
  const [method, path] = endpoint.split(' ') as [Route['method'], string];
  return {
    method,
    path,
    handler: (x) => {
      throw fail(x);
    },
  };
}

function swarm(): Route[] {
  const words =
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
  const manager = [
    ...['swarm', 'swarm/unlockkey', 'services/:id/logs', 'tasks/:id/logs'].map((path) => `GET /${path}`),
    ...['nodes', 'services', 'tasks', 'secrets', 'configs'].flatMap((noun) => [`GET /${noun}`, `GET /${noun}/:id`]),
    ...['services', 'secrets', 'configs'].map((noun) => `POST /${noun}/create`),
    ...['nodes', 'services', 'secrets', 'configs'].flatMap((noun) => [
      `POST /${noun}/:id/update`,
      `DELETE /${noun}/:id`,
    ]),
    ...['POST /swarm/update', 'POST /swarm/unlock'],
  ];
  const never = 'This engine cannot be part of a swarm: Beluga has no swarm mode';
  return [
    ...manager.map((endpoint) => refusal(endpoint, () => new EngineError('unavailable', words))),
    refusal('POST /swarm/leave', () => new EngineError('unavailable', 'This node is not part of a swarm')),
    ...['POST /swarm/init', 'POST /swarm/join'].map((endpoint) =>
      refusal(endpoint, () => new EngineError('not-implemented', never)),
    ),
  ];
}

function plugins(): Route[] {
  const missing = (x: Exchange) => new EngineError('not-found', `plugin "${param(x, 'name')}" not found`);
  const never = () => new EngineError('not-implemented', 'managed plugins are not supported by Beluga');
  return [
    ...['enable', 'disable', 'upgrade', 'push', 'set'].map((verb) => refusal(`POST /plugins/:name/${verb}`, missing)),
    refusal('DELETE /plugins/:name', missing),
    ...['GET /plugins/privileges', 'POST /plugins/pull', 'POST /plugins/create'].map((one) => refusal(one, never)),
  ];
}

function checkpoints(): Route[] {
  const words =
    'This experimental feature is disabled by default. Start the Docker daemon in experimental mode in order to enable it.';
  const path = '/containers/:name/checkpoints';
  return [`GET ${path}`, `POST ${path}`, `DELETE ${path}/:checkpoint`].map((endpoint) =>
    refusal(endpoint, () => new EngineError('not-implemented', words)),
  );
}
