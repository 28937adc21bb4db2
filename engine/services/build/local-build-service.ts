import { channelOf } from '../../base/channel.ts';
import { EngineError } from '../../base/errors.ts';
import { createLimit } from '../../base/limit.ts';
import { parseDockerfile } from '../../dockerfile/parse-dockerfile.ts';
import { parsePlatform, platformText } from '../../registry/platform.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { ImagePlatform } from '../images/image-service.ts';
import { findBase } from './base-images.ts';
import {
  type BuildContext,
  type ContextFolder,
  clearContexts,
  contexts,
  openContext,
  openFolder,
} from './build-context.ts';
import type { BuildDependencies, BuildRun, OpenedRun } from './build-run.ts';
import type { BuildMessage, BuildService } from './build-service.ts';
import { clearUnkept, createCacheKeeper } from './cache-keeper.ts';
import { createCacheMounts } from './cache-mounts.ts';
import { rulesFor } from './cache-rules.ts';
import { contextPaths, namedContexts } from './context-paths.ts';
import { createDownloads } from './downloads.ts';
import { createFailedSteps } from './failed-steps.ts';
import { openKeptFolders } from './kept-folders.ts';
import { createLocalSources } from './local-sources.ts';
import { lookAtDockerfile } from './look-at-dockerfile.ts';
import { makeImages } from './make-images.ts';
import { type Plan, planBuild } from './plan-build.ts';
import { plannedSteps } from './planned-steps.ts';
import { createRemoteFiles } from './remote-files.ts';
import { openStepMarks } from './step-marks.ts';

/** Clears what builds of an engine that was killed have left. */
export async function openBuildService(dependencies: BuildDependencies): Promise<BuildService> {
  const { records, dataRoot, sites, log } = dependencies;
  const kept = openKeptFolders(records);
  const marks = openStepMarks(records);
  marks.trim();
  await clearContexts(dataRoot);
  await clearUnkept(dataRoot, kept);
  const limit = createLimit(() => dependencies.parallel);
  const keeper = createCacheKeeper({ ...dependencies, kept, chainIdOf: sites.chainIdOf });
  const cacheMounts = createCacheMounts({ dataRoot, kept });
  const localSources = createLocalSources({ dataRoot, kept });
  const failedSteps = createFailedSteps(dependencies.images);
  const sweep = () =>
    failedSteps.sweep().catch((error) => log.warn('what failed steps began with could not be taken away', { error }));
  await sweep();
  const downloads = createDownloads({ dataRoot, kept, transport: dependencies.transport });
  const collect = () =>
    keeper
      .collect((disk) => rulesFor(dependencies.cacheRules(), disk, Date.now()))
      .catch((error) => log.warn('the build cache could not be collected', { error }));
  return {
    build: (request) =>
      channelOf<BuildMessage>(async (signal, report) => {
        const use = keeper.use();
        try {
          await runBuild({
            ...dependencies,
            limit,
            marks,
            cacheMounts,
            downloads,
            localSources,
            failedSteps,
            using: use.add,
            request,
            signal,
            report,
          });
        } finally {
          use.end();
          void sweep().then(collect);
        }
      }),
    look: (request) => lookAtDockerfile({ dataRoot, files: sites.files, downloads }, request),
    cache: keeper.list,
    prune: keeper.prune,
    imageBefore: failedSteps.image,
  };
}

async function runBuild(run: BuildRun): Promise<void> {
  const { images, sites, dataRoot, request, signal } = run;
  const lease = images.forBuilds.leases.open();
  let context: BuildContext | undefined;
  const { downloads, using } = run;
  const remote = createRemoteFiles({
    ...{ contexts: contexts(dataRoot), files: sites.files, downloads, client: request.client, signal, using },
  });
  try {
    const keptFor = (name: string) =>
      request.origin === undefined ? undefined : run.localSources.open(request.origin, name, using);
    const parts = { dataRoot, files: sites.files, remote, keptFor };
    context = await openContext(parts, request);
    signal.throwIfAborted();
    run.report({ source: context.dockerfile });
    await buildIn({ ...run, remote, parts }, context, lease);
  } catch (error) {
    if (signal.aborted) throw new EngineError('cancelled', 'the build was cancelled');
    throw error;
  } finally {
    await context?.close();
    await remote.close();
    lease.release();
    await images.forBuilds.collect();
  }
}

async function buildIn(run: OpenedRun, context: BuildContext, lease: Lease): Promise<void> {
  const { report, signal } = run;
  refuseGrants(run);
  const plans = await plansFor(run, context, lease);
  report({ planned: plans.flatMap(plannedSteps) });
  const results = plans.map(({ result }) => result.node);
  const paths = contextPaths(...results);
  if (paths?.length !== 0) await context.fill(paths);
  const named = await openNamed(run, namedContexts(...results));
  try {
    signal.throwIfAborted();
    await makeImages(run, { plans, context, named, lease });
  } finally {
    for (const folder of named.values()) await folder.close();
  }
}

/** @throws EngineError `forbidden` in BuildKit's words */
function refuseGrants({ request, grants }: BuildRun): void {
  const wrong = (request.grants ?? []).find((grant) => !grants.includes(grant));
  if (wrong === undefined) return;
  const key = wrong.replace('.', '-');
  throw new EngineError(
    'forbidden',
    `granting entitlement ${wrong} is not allowed by build daemon configuration: set builder.entitlements.${key} in daemon.json`,
  );
}

/** Each once, however it is written. */
function platformsOf({ request, platform }: BuildRun): readonly ImagePlatform[] {
  const asked = (request.platforms ?? []).map(parsePlatform).map(usual);
  const named = new Map(asked.map((each) => [platformText(each), each]));
  return named.size > 0 ? [...named.values()] : [platform];
}

/** v8 is what arm64 means without a variant (containerd: platforms, Normalize). */
const usual = ({ variant, ...platform }: ImagePlatform): ImagePlatform =>
  variant === undefined || (platform.architecture === 'arm64' && variant === 'v8')
    ? platform
    : { ...platform, variant };

/** One for each platform, with its steps counted on. */
async function plansFor(run: OpenedRun, context: BuildContext, lease: Lease): Promise<Plan[]> {
  const { request } = run;
  const platforms = platformsOf(run);
  const dockerfile = parseDockerfile(context.dockerfile);
  const plans: Plan[] = [];
  let firstStep = 1;
  for (const platform of platforms) {
    const plan = await planBuild({
      ...{ dockerfile, buildArguments: request.buildArguments, labels: request.labels, network: request.network },
      hasClient: request.client !== undefined,
      ...(request.noCacheStages && { freshStages: request.noCacheStages.map((name) => name.toLowerCase()) }),
      ...(request.grants && { grants: request.grants }),
      ...(request.contexts && { contexts: request.contexts }),
      ...(request.target !== undefined && { target: request.target }),
      ...{ platform, buildPlatform: run.platform },
      ...(platforms.length > 1 && { among: { firstStep, name: platformText(platform) } }),
      baseOf: (reference, wanted, step) => findBase(run, { reference, platform: wanted, step, lease }),
    });
    plans.push(plan);
    firstStep += plan.steps.length;
  }
  return plans;
}

async function openNamed(
  { request, parts }: OpenedRun,
  names: ReadonlySet<string>,
): Promise<Map<string, ContextFolder>> {
  const opened = new Map<string, ContextFolder>();
  try {
    for (const name of names) {
      const context = request.contexts?.[name];
      if (context && !('image' in context)) opened.set(name, await openFolder(parts, context, `context ${name}`));
    }
    return opened;
  } catch (error) {
    for (const folder of opened.values()) await folder.close();
    throw error;
  }
}
