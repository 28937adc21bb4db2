import { channelOf } from '../../base/channel.ts';
import { EngineError, unlessMissing } from '../../base/errors.ts';
import { createLimit } from '../../base/limit.ts';
import { parseDockerfile } from '../../dockerfile/parse-dockerfile.ts';
import type { EventBus } from '../../events/event-bus.ts';
import { parseReference } from '../../registry/reference.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { Records } from '../../storage/records/records.ts';
import type { BaseImage, BuildImages, ImagePlatform, ImageService } from '../images/image-service.ts';
import type { BuildCache, StoredStep } from './build-cache.ts';
import { type BuildContext, clearContexts, openContext } from './build-context.ts';
import type { BuildMessage, BuildRequest, BuildService, CachedStep, CacheFilter } from './build-service.ts';
import type { StepPlace } from './node.ts';
import { type Plan, planBuild } from './plan-build.ts';
import { plannedSteps } from './planned-steps.ts';
import type { ExecDependencies } from './run-exec.ts';
import { createSolver, type Solver } from './solver.ts';
import { keyOf } from './step-keys.ts';
import type { SiteDependencies } from './work-site.ts';
import { createWorkshop } from './workshop.ts';

export interface BuildDependencies {
  records: Records;
  events: EventBus;
  cache: BuildCache;
  images: Pick<ImageService, 'pull'> & { forBuilds: BuildImages };
  sites: SiteDependencies;
  exec: ExecDependencies;
  dataRoot: string;
  /** This machine's. */
  platform: ImagePlatform;
  /** Steps that may run at once, of all builds. */
  parallel: number;
}

/** Clears what builds of an engine that was killed have left. */
export async function openBuildService(dependencies: BuildDependencies): Promise<BuildService> {
  const { cache, images, dataRoot, records, events } = dependencies;
  await clearContexts(dataRoot);
  const limit = createLimit(() => dependencies.parallel);
  return {
    build: (request) =>
      channelOf<BuildMessage>((signal, report) => runBuild({ ...dependencies, limit, request, signal, report })),
    cache: () => cache.all().map(cachedStep),
    async prune(filter) {
      const gone = toPrune(cache.all(), filter);
      for (const { key } of gone) cache.delete(key);
      await images.forBuilds.collect();
      const bytes = gone.reduce((sum, step) => sum + sizeOf(step), 0);
      const actor = { id: '', attributes: { reclaimed: String(bytes) } };
      records.lightTransaction(() => events.record({ type: 'builder', action: 'prune', actor }));
      return { ids: gone.map(({ key }) => key), bytes };
    },
  };
}

const sizeOf = ({ result }: StoredStep) => result.layers.at(-1)?.size ?? 0;

function cachedStep(step: StoredStep): CachedStep {
  const { key, result, created, lastUsed, uses } = step;
  const { parent, words } = result;
  return { id: key, words, size: sizeOf(step), created, lastUsed, uses, ...(parent !== undefined && { parent }) };
}

/** The longest unused go first, as long as more than `keepBytes` is there. */
function toPrune(steps: readonly StoredStep[], { unusedSince, keepBytes, ids }: CacheFilter): StoredStep[] {
  let kept = 0;
  return steps.filter((step) => {
    if (unusedSince && step.lastUsed >= unusedSince) return false;
    if (ids && !ids.some((id) => step.key.startsWith(id))) return false;
    if (keepBytes === undefined) return true;
    kept += sizeOf(step);
    return kept > keepBytes;
  });
}

interface BuildRun extends BuildDependencies {
  limit: ReturnType<typeof createLimit>;
  request: BuildRequest;
  signal: AbortSignal;
  report(message: BuildMessage): void;
}

async function runBuild(run: BuildRun): Promise<void> {
  const { images, sites, dataRoot, request, signal } = run;
  const lease = images.forBuilds.leases.open();
  let context: BuildContext | undefined;
  try {
    context = await openContext({ dataRoot, files: sites.files }, request);
    signal.throwIfAborted();
    run.report({ source: context.dockerfile });
    await buildIn(run, context, lease);
  } catch (error) {
    if (signal.aborted) throw new EngineError('cancelled', 'the build was cancelled');
    throw error;
  } finally {
    await context?.close();
    lease.release();
    await images.forBuilds.collect();
  }
}

async function buildIn(run: BuildRun, context: BuildContext, lease: Lease): Promise<void> {
  const { request, images, report } = run;
  const platform = request.platform === undefined ? run.platform : platformOf(request.platform);
  const created = new Date().toISOString();
  const plan = await planBuild({
    dockerfile: parseDockerfile(context.dockerfile),
    ...{ buildArguments: request.buildArguments, labels: request.labels, network: request.network, created },
    ...(request.target !== undefined && { target: request.target }),
    platform,
    buildPlatform: run.platform,
    baseOf: (reference, wanted, step) => baseOf(run, { reference, platform: wanted, step, lease }),
  });
  report({ planned: plannedSteps(plan) });
  const { signal, limit, cache } = run;
  const workshop = createWorkshop({ ...run, context, lease });
  const solver = createSolver({
    ...{ workshop, cache, lease, limit, signal, report, fresh: request.noCache, total: plan.steps.length },
  });
  await tellOthers(run, plan, solver);
  const { layers } = await solver.solve(plan.result.node);
  if (plan.unused.length > 0)
    report({ warning: `One or more build-args [${plan.unused.join(' ')}] were not consumed` });
  const { config, history, author } = plan.result;
  const imageId = await images.forBuilds.make(
    {
      ...{ layers, config, history, created, references: request.references },
      platform,
      ...(author !== undefined && { author }),
    },
    lease,
  );
  report({ built: { imageId, references: request.references } });
}

function platformOf(text: string): ImagePlatform {
  const [os = '', architecture = '', variant] = text.split('/');
  return { os, architecture, ...(variant !== undefined && { variant }) };
}

/** Steps that make no layer are done with the plan. */
async function tellOthers({ report }: BuildRun, plan: Plan, solver: Solver): Promise<void> {
  const total = plan.steps.length;
  const under = await solver.keyOf(plan.result.node);
  for (const { number: step, words } of plannedSteps(plan).filter(({ makes }) => !makes)) {
    report({ step, total, started: { words } });
    report({ step, done: { cached: false, key: keyOf('config', under, words) } });
  }
}

interface Wanted {
  reference: string;
  platform: ImagePlatform;
  step: StepPlace;
  lease: Lease;
}

async function baseOf({ images, request, report, signal }: BuildRun, wanted: Wanted): Promise<BaseImage> {
  const { reference, platform, step, lease } = wanted;
  const text = [platform.os, platform.architecture, platform.variant].filter(Boolean).join('/');
  if (!request.pull) {
    const here = await unlessMissing(images.forBuilds.base(reference, text, lease));
    if (here) return here;
  }
  const login = loginFor(reference, request.logins);
  const pulling = images.pull({ reference, platform: text, ...(login && { login }) });
  for await (const message of pulling) {
    signal.throwIfAborted();
    report({ step: step.number, pull: message });
  }
  return images.forBuilds.base(reference, text, lease);
}

/** Of the registry that a name belongs to. */
function loginFor(reference: string, logins: BuildRequest['logins']) {
  const { domain } = parseReference(reference);
  const names = domain === 'docker.io' ? ['https://index.docker.io/v1/', domain] : [domain];
  return names.map((name) => logins[name]).find((login) => login !== undefined);
}
