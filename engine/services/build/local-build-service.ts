import { channelOf } from '../../base/channel.ts';
import { EngineError, unlessMissing } from '../../base/errors.ts';
import { createLimit, type Limit } from '../../base/limit.ts';
import type { Log } from '../../base/log.ts';
import { parseDockerfile } from '../../dockerfile/parse-dockerfile.ts';
import type { EventBus } from '../../events/event-bus.ts';
import { parsePlatform, platformText } from '../../registry/platform.ts';
import { familiarReference, parseReference } from '../../registry/reference.ts';
import type { Transport } from '../../registry/transport/transport.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { Records } from '../../storage/records/records.ts';
import type { BaseImage, BuildImages, ImagePlatform, ImageService } from '../images/image-service.ts';
import type { BuildCache } from './build-cache.ts';
import {
  type BuildContext,
  type ContextFolder,
  type ContextParts,
  clearContexts,
  contexts,
  openContext,
  openFolder,
} from './build-context.ts';
import type { BuildMessage, BuildRequest, BuildService, BuiltResult } from './build-service.ts';
import { clearUnkept, createCacheKeeper } from './cache-keeper.ts';
import { type CacheMounts, createCacheMounts } from './cache-mounts.ts';
import { type CacheRules, rulesFor } from './cache-rules.ts';
import { contextPaths, namedContexts } from './context-paths.ts';
import { datedHistory } from './dated-history.ts';
import { createDownloads, type Downloads } from './downloads.ts';
import { giveOut } from './give-out.ts';
import { openKeptFolders } from './kept-folders.ts';
import { createLocalSources, type LocalSources } from './local-sources.ts';
import { lookAtDockerfile } from './look-at-dockerfile.ts';
import type { StepPlace } from './node.ts';
import { type Plan, planBuild } from './plan-build.ts';
import { plannedSteps } from './planned-steps.ts';
import { inlineCache, openRemoteCache, type RemoteCacheParts, writeRemoteCache } from './remote-cache.ts';
import { createRemoteFiles, type RemoteFiles } from './remote-files.ts';
import type { ExecDependencies } from './run-exec.ts';
import { createSolver, type Solver } from './solver.ts';
import { keyOf } from './step-keys.ts';
import { openStepMarks, type StepMarks } from './step-marks.ts';
import type { SiteDependencies } from './work-site.ts';
import { createWorkshop } from './workshop.ts';

export interface BuildDependencies {
  records: Records;
  events: EventBus;
  cache: BuildCache;
  images: Pick<ImageService, 'pull' | 'push' | 'list'> & { forBuilds: BuildImages };
  sites: SiteDependencies;
  exec: ExecDependencies;
  dataRoot: string;
  /** This machine's. */
  platform: ImagePlatform;
  /** Steps that may run at once, of all builds. */
  parallel: number;
  /** With the engine's proxies and certificates. */
  transport: Transport;
  /** As they are set now. */
  cacheRules(): CacheRules;
  log: Log;
}

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
            using: use.add,
            request,
            signal,
            report,
          });
        } finally {
          use.end();
          void collect();
        }
      }),
    look: (request) => lookAtDockerfile({ dataRoot, files: sites.files, downloads }, request),
    cache: keeper.list,
    prune: keeper.prune,
  };
}

interface BuildRun extends BuildDependencies {
  limit: Limit;
  marks: StepMarks;
  cacheMounts: CacheMounts;
  downloads: Downloads;
  localSources: LocalSources;
  /** Told what this build has of the cache. */
  using(key: string): void;
  request: BuildRequest;
  signal: AbortSignal;
  report(message: BuildMessage): void;
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

async function buildIn(run: Opened, context: BuildContext, lease: Lease): Promise<void> {
  const { request, report } = run;
  const platform = request.platform === undefined ? run.platform : parsePlatform(request.platform);
  const plan = await planBuild({
    dockerfile: parseDockerfile(context.dockerfile),
    ...{ buildArguments: request.buildArguments, labels: request.labels, network: request.network },
    hasClient: request.client !== undefined,
    ...(request.noCacheStages && { freshStages: request.noCacheStages.map((name) => name.toLowerCase()) }),
    ...(request.contexts && { contexts: request.contexts }),
    ...(request.target !== undefined && { target: request.target }),
    platform,
    buildPlatform: run.platform,
    baseOf: (reference, wanted, step) => baseOf(run, { reference, platform: wanted, step, lease }),
  });
  report({ planned: plannedSteps(plan) });
  const { signal } = run;
  await fill(context, plan);
  const named = await openNamed(run, plan);
  try {
    signal.throwIfAborted();
    await make(run, { plan, context, named, lease });
  } finally {
    for (const folder of named.values()) await folder.close();
  }
}

interface Opened extends BuildRun {
  remote: RemoteFiles;
  parts: ContextParts;
}

interface Planned {
  plan: Plan;
  context: BuildContext;
  named: ReadonlyMap<string, ContextFolder>;
  lease: Lease;
}

/** Those of the named contexts that the plan takes files from. */
async function openNamed({ request, parts }: Opened, plan: Plan): Promise<Map<string, ContextFolder>> {
  const opened = new Map<string, ContextFolder>();
  try {
    for (const name of namedContexts(plan.result.node)) {
      const context = request.contexts?.[name];
      if (context && !('image' in context)) opened.set(name, await openFolder(parts, context, `context ${name}`));
    }
    return opened;
  } catch (error) {
    for (const folder of opened.values()) await folder.close();
    throw error;
  }
}

async function make(run: Opened, { plan, context, named, lease }: Planned): Promise<void> {
  const { request, images, report, signal, limit, cache } = run;
  const workshop = createWorkshop({ ...run, context, named, lease });
  const remoteParts: RemoteCacheParts = {
    ...{ images: images.forBuilds, chainIdOf: run.sites.chainIdOf, lease, signal, report },
    loginFor: (reference) => loginFor(reference, request),
  };
  const remote = await openRemoteCache(remoteParts, request.cacheFrom ?? []);
  const solver = createSolver({
    ...{ workshop, cache, remote, lease, limit, signal, report, fresh: request.noCache, total: plan.steps.length },
    ...{ using: run.using, marks: run.marks, dockerfile: nameOfDockerfile(request, plan) },
  });
  for (const warning of plan.warnings) report({ warning });
  await tellOthers(run, plan, solver);
  const tree = await solver.solve(plan.result.node);
  const { layers } = tree;
  if (plan.unused.length > 0)
    report({ warning: `One or more build-args [${plan.unused.join(' ')}] were not consumed` });
  const { config, author } = plan.result;
  const isKept = !request.withoutImage;
  const further = request.inlineCache ? inlineCache(await solver.results(plan.result.node, false)) : undefined;
  const made = await images.forBuilds.make(
    {
      ...(further && { further }),
      ...{ layers: layers.map(({ created: _, ...layer }) => layer), config, references: request.references },
      ...datedHistory(plan.result.history, layers),
      platform: plan.result.platform,
      ...(author !== undefined && { author }),
    },
    lease,
    { isKept },
  );
  await giveOut(run.sites, { outputs: request.outputs ?? [], tree, made });
  for (const reference of request.pushed ?? []) await pushTo(run, reference);
  let cacheManifest: BuiltResult['cacheManifest'];
  for (const target of request.cacheTo ?? [])
    cacheManifest = await writeRemoteCache(remoteParts, target, await solver.results(plan.result.node, target.isWhole));
  const { id: imageId, manifest } = made;
  const cached = cacheManifest && { cacheManifest };
  report({ built: { imageId, references: request.references, manifest, isKept, ...cached } });
}

async function pushTo({ images, request, report, signal }: BuildRun, reference: string): Promise<void> {
  const named = parseReference(reference);
  const messages = images.push(
    familiarReference({ ...named, tag: named.tag ?? 'latest' }),
    await loginFor(reference, request),
  );
  const leave = () => void messages.return();
  signal.addEventListener('abort', leave, { once: true });
  try {
    for await (const push of messages) report({ push, reference });
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

async function fill(context: BuildContext, { result }: Plan): Promise<void> {
  const paths = contextPaths(result.node);
  if (paths?.length !== 0) await context.fill(paths);
}

/** Which Dockerfile it is, as far as that can be told: by the name of its image or the client's for it, else by its base images. */
function nameOfDockerfile({ references: [first], origin, dockerfile = '' }: BuildRequest, { steps }: Plan): string {
  if (first !== undefined) return keyOf('image', first.replace(/:[^/]*$/, ''), dockerfile);
  if (origin !== undefined) return keyOf('origin', origin, dockerfile);
  const bases = steps.filter(({ words }) => /^from\s/i.test(words)).map(({ words }) => words);
  return keyOf('bases', bases, dockerfile);
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
  const text = platformText(platform);
  if (!request.pull) {
    const here = await unlessMissing(images.forBuilds.base(reference, text, lease));
    if (here) return here;
  }
  const login = await loginFor(reference, request);
  const pulling = images.pull({ reference, platform: text, ...(login && { login }) });
  for await (const message of pulling) {
    signal.throwIfAborted();
    report({ step: step.number, pull: message, reference });
  }
  return images.forBuilds.base(reference, text, lease);
}

/** Of the registry that a name belongs to. */
async function loginFor(reference: string, { logins, client }: BuildRequest) {
  const { domain } = parseReference(reference);
  const hub = 'https://index.docker.io/v1/';
  const names = domain === 'docker.io' ? [hub, domain] : [domain];
  const given = names.map((name) => logins[name]).find((login) => login !== undefined);
  return given ?? client?.login(names[0] ?? domain);
}
