import { EngineError } from '../../base/errors.ts';
import type { BuildService } from '../../services/build/build-service.ts';
import type { BuildRunService } from '../../services/build-runs/build-run-service.ts';
import type { BelugaBuild, BelugaBuilds, BelugaStepImage } from '../extension-types.ts';
import { type Exchange, param, type Route, sendEmpty, sendJson } from '../route.ts';
import { sendJsonLines } from '../stream.ts';
import { flag } from '../wire/query.ts';

interface BuildRunParts {
  buildRuns: BuildRunService;
  builds: Pick<BuildService, 'imageBefore'>;
}

function stepOf(x: Exchange): number {
  const step = param(x, 'step');
  if (!/^\d{1,6}$/.test(step)) throw new EngineError('invalid', `not the number of a step: ${step}`);
  return Number(step);
}

/** Builds as they go and as they went, whoever asked for them: an extension. */
export function buildRunRoutes({ buildRuns, builds }: BuildRunParts): readonly Route[] {
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
    await sendJsonLines(x, buildRuns.log(param(x, 'id'), stepOf(x)), (line) => line);
  };
  return [
    { method: 'GET', path: '/beluga/builds', handler: list },
    { method: 'GET', path: '/beluga/builds/:id', handler: one },
    { method: 'GET', path: '/beluga/builds/:id/steps/:step/log', handler: log },
    {
      method: 'POST',
      path: '/beluga/builds/:id/steps/:step/image',
      handler: async (x) => {
        const imageId = await builds.imageBefore(param(x, 'id'), stepOf(x));
        sendJson(x, 201, { imageId } satisfies BelugaStepImage);
      },
    },
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
