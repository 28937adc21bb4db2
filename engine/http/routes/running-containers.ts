import { EngineError } from '../../base/errors.ts';
import type { ContainerService } from '../../services/containers/container-service.ts';
import { readJson } from '../body.ts';
import { type Exchange, param, type Route, sendEmpty, sendJson } from '../route.ts';
import { sendJsonLines } from '../stream.ts';
import { nil } from '../wire/nil.ts';
import { flag } from '../wire/query.ts';
import { statsToWire } from '../wire/stats.ts';
import { updateFromWire } from '../wire/update-container.ts';
import { validate } from '../wire/validate.ts';

/** `stream` is on unless it is turned off; `one-shot` (since API 1.41) does not wait for a second look. */
function stats({ running }: ContainerService, x: Exchange): Promise<void> {
  const stream = !x.query.has('stream') || flag(x.query, 'stream');
  const oneShot = flag(x.query, 'one-shot');
  if (stream && oneShot) {
    throw new EngineError('invalid', 'cannot have stream=true and one-shot=true', {
      reason: 'request.invalid',
      params: { field: 'one-shot' },
    });
  }
  return answer(x, running, stream ? 'stream' : oneShot ? 'at-once' : 'once');
}

async function answer(
  x: Exchange,
  running: ContainerService['running'],
  mode: Parameters<ContainerService['running']['stats']>[1],
): Promise<void> {
  await sendJsonLines(
    x,
    await running.stats(param(x, 'name'), mode),
    (figures) => JSON.stringify(statsToWire(figures)),
    {
      late: mode !== 'stream',
    },
  );
}

async function update({ running }: ContainerService, x: Exchange): Promise<void> {
  const body = await readJson(x.request);
  const { warnings } = await running.update(
    param(x, 'name'),
    updateFromWire(validate('ContainerUpdateRequest', body ?? {}), x.version),
  );
  sendJson(x, 200, { Warnings: warnings.length > 0 ? [...warnings] : nil });
}

/** Routes of what can be done with a container while it runs. */
export function runningContainerRoutes({ containers }: { containers: ContainerService }): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/containers/:name/pause',
      handler: async (x) => {
        await containers.running.pause(param(x, 'name'));
        sendEmpty(x);
      },
    },
    {
      method: 'POST',
      path: '/containers/:name/unpause',
      handler: async (x) => {
        await containers.running.unpause(param(x, 'name'));
        sendEmpty(x);
      },
    },
    {
      method: 'GET',
      path: '/containers/:name/top',
      handler: async (x) => {
        const { titles, processes } = await containers.running.top(param(x, 'name'), x.query.get('ps_args') ?? '');
        sendJson(x, 200, { Titles: titles, Processes: processes });
      },
    },
    { method: 'GET', path: '/containers/:name/stats', handler: (x) => stats(containers, x) },
    { method: 'POST', path: '/containers/:name/update', handler: (x) => update(containers, x) },
  ];
}
