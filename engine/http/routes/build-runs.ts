import { EngineError } from '../../base/errors.ts';
import type { BuildRunService } from '../../services/build-runs/build-run-service.ts';
import type { BelugaBuild, BelugaBuilds } from '../extension-types.ts';
import { type Exchange, param, type Route, sendEmpty, sendJson } from '../route.ts';
import { sendJsonLines } from '../stream.ts';
import { flag } from '../wire/query.ts';

/** Builds as they go and as they went, whoever asked for them: an extension. */
export function buildRunRoutes({ buildRuns }: { buildRuns: BuildRunService }): readonly Route[] {
  const list = async (x: Exchange) => {
    if (!flag(x.query, 'follow')) return sendJson(x, 200, { builds: buildRuns.list() } satisfies BelugaBuilds);
    await sendJsonLines(x, buildRuns.watch(), (builds) => JSON.stringify({ builds } satisfies BelugaBuilds));
  };
  const one = async (x: Exchange) => {
    const id = param(x, 'id');
    if (!flag(x.query, 'follow')) return sendJson(x, 200, buildRuns.one(id) satisfies BelugaBuild);
    await sendJsonLines(x, buildRuns.watchOne(id), (build) => JSON.stringify(build satisfies BelugaBuild));
  };
  const log = async (x: Exchange) => {
    const step = param(x, 'step');
    if (!/^\d{1,6}$/.test(step)) throw new EngineError('invalid', `not the number of a step: ${step}`);
    await sendJsonLines(x, buildRuns.log(param(x, 'id'), Number(step)), (line) => line);
  };
  return [
    { method: 'GET', path: '/beluga/builds', handler: list },
    { method: 'GET', path: '/beluga/builds/:id', handler: one },
    { method: 'GET', path: '/beluga/builds/:id/steps/:step/log', handler: log },
    {
      method: 'POST',
      path: '/beluga/builds/:id/cancel',
      handler: (x) => {
        buildRuns.cancel(param(x, 'id'));
        sendEmpty(x);
      },
    },
    {
      method: 'DELETE',
      path: '/beluga/builds/:id',
      handler: async (x) => {
        await buildRuns.remove(param(x, 'id'));
        sendEmpty(x);
      },
    },
  ];
}
