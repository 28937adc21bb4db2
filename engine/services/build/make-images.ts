import type { Channel } from '../../base/channel.ts';
import { isSameMachine, platformText } from '../../registry/platform.ts';
import { familiarReference, parseReference } from '../../registry/reference.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { MadeImage, PushMessage } from '../images/image-service.ts';
import { loginFor } from './base-images.ts';
import type { StepResult } from './build-cache.ts';
import type { BuildContext, ContextFolder } from './build-context.ts';
import type { BuildRun, OpenedRun } from './build-run.ts';
import type { BuildRequest, BuiltResult } from './build-service.ts';
import { datedHistory } from './dated-history.ts';
import { giveOut } from './give-out.ts';
import type { Tree } from './node.ts';
import type { Plan } from './plan-build.ts';
import { plannedSteps } from './planned-steps.ts';
import {
  inlineCache,
  openRemoteCache,
  type RemoteCache,
  type RemoteCacheParts,
  writeRemoteCache,
} from './remote-cache.ts';
import { createSolver, type Solver, type Workshop } from './solver.ts';
import { keyOf } from './step-keys.ts';
import { createWorkshop } from './workshop.ts';

export interface Planned {
  /** One for each platform. */
  plans: readonly Plan[];
  context: BuildContext;
  named: ReadonlyMap<string, ContextFolder>;
  lease: Lease;
}

interface Solved {
  plan: Plan;
  solver: Solver;
  tree: Tree;
}

interface Made extends Solved {
  image: MadeImage;
}

/** Runs what the plans need, makes the images, and gives them to all who want them. */
export async function makeImages(run: OpenedRun, planned: Planned): Promise<void> {
  const { request, images, report, signal } = run;
  const { plans, lease } = planned;
  const workshop = createWorkshop({ ...run, ...planned });
  const cacheParts: RemoteCacheParts = {
    ...{ images: images.forBuilds, chainIdOf: run.sites.chainIdOf, lease, signal, report },
    loginFor: (reference) => loginFor(reference, request),
  };
  const remote = await openRemoteCache(cacheParts, request.cacheFrom ?? []);
  const total = plans.reduce((sum, { steps }) => sum + steps.length, 0);
  for (const warning of new Set(plans.flatMap(({ warnings }) => warnings))) report({ warning });
  const solved: Solved[] = [];
  // one after the other: what they have in common is made once
  for (const plan of plans) solved.push(await solve(run, { plan, workshop, remote, lease, total }));
  tellUnused(run, plans);
  const kept = plans.findIndex(({ platform }) => isSameMachine(platform, run.platform));
  const own = Math.max(kept, 0);
  const made: Made[] = [];
  for (const [index, each] of solved.entries()) made.push(await makeImage(run, each, { lease, isOwn: index === own }));
  const result = made[own];
  if (!result) throw new Error('a build makes one image at least');
  const manifest = made.length > 1 ? await together(run, made, { lease, own: result }) : await alone(run, result);
  const isKept = !request.withoutImage;
  const cacheManifest = await writeCaches(run, cacheParts, solved);
  const ofCache = cacheManifest && { cacheManifest };
  report({ built: { imageId: result.image.id, references: request.references, manifest, isKept, ...ofCache } });
}

interface Solving {
  plan: Plan;
  workshop: Workshop;
  remote: RemoteCache;
  lease: Lease;
  total: number;
}

async function solve(run: OpenedRun, { plan, total, ...parts }: Solving): Promise<Solved> {
  const { request, report, signal, limit, cache, using, marks } = run;
  const { platform } = plan.result;
  const solver = createSolver({
    ...{ ...parts, cache, limit, signal, report, fresh: request.noCache, total, using, marks },
    failed: (node, input) => run.failedSteps.put(request.id ?? '', { node, input, platform }),
    dockerfile: nameOfDockerfile(run, plan),
  });
  await tellOthers(run, { plan, solver, total });
  return { plan, solver, tree: await solver.solve(plan.result.node) };
}

function tellUnused({ report }: BuildRun, plans: readonly Plan[]): void {
  const [first, ...others] = plans.map(({ unused }) => unused);
  const unused = (first ?? []).filter((name) => others.every((each) => each.includes(name)));
  if (unused.length > 0) report({ warning: `One or more build-args [${unused.join(' ')}] were not consumed` });
}

/** Of several the own one gets the names; the others stay as long as the build. */
async function makeImage(
  { request, images }: BuildRun,
  solved: Solved,
  { lease, isOwn }: { lease: Lease; isOwn: boolean },
): Promise<Made> {
  const { plan, solver, tree } = solved;
  const { config, author, platform, node, history } = plan.result;
  const further = request.inlineCache ? inlineCache(await solver.results(node, false)) : undefined;
  const image = await images.forBuilds.make(
    {
      ...(further && { further }),
      ...{ layers: tree.layers.map(({ created: _, ...layer }) => layer), config, platform },
      references: isOwn ? request.references : [],
      ...datedHistory(history, tree.layers),
      ...(author !== undefined && { author }),
    },
    lease,
    { isKept: isOwn && !request.withoutImage },
  );
  return { ...solved, image };
}

async function alone(run: BuildRun, { tree, image }: Made): Promise<BuiltResult['manifest']> {
  const { request, images } = run;
  await giveOut(run.sites, { outputs: request.outputs ?? [], trees: [{ name: '', tree }], archive: image.archive });
  for (const reference of request.pushed ?? []) {
    const login = await loginFor(reference, request);
    const named = parseReference(reference);
    await pushTo(run, reference, images.push(familiarReference({ ...named, tag: named.tag ?? 'latest' }), login));
  }
  return image.manifest;
}

async function together(
  run: BuildRun,
  made: readonly Made[],
  { lease, own }: { lease: Lease; own: Made },
): Promise<BuiltResult['manifest']> {
  const { request, images } = run;
  const index = await images.forBuilds.index(
    made.map(({ image, plan: { platform } }) => ({ image, platform })),
    lease,
  );
  if (!request.withoutImage) index.keepWith(own.image.id, request.references);
  const trees = made.map(({ plan: { platform }, tree }) => ({
    name: platformText(platform).replaceAll('/', '_'),
    tree,
  }));
  await giveOut(run.sites, { outputs: request.outputs ?? [], trees, archive: index.archive });
  for (const reference of request.pushed ?? [])
    await pushTo(run, reference, index.push(reference, await loginFor(reference, request)));
  return index.manifest;
}

async function pushTo({ report, signal }: BuildRun, reference: string, messages: Channel<PushMessage>): Promise<void> {
  const leave = () => void messages.return();
  signal.addEventListener('abort', leave, { once: true });
  try {
    for await (const push of messages) report({ push, reference });
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** @returns the manifest of the last */
async function writeCaches(
  { request }: BuildRun,
  parts: RemoteCacheParts,
  solved: readonly Solved[],
): Promise<BuiltResult['cacheManifest']> {
  let manifest: BuiltResult['cacheManifest'];
  for (const target of request.cacheTo ?? []) {
    const results = new Map<string, StepResult>();
    for (const { solver, plan } of solved)
      for (const [key, result] of await solver.results(plan.result.node, target.isWhole)) results.set(key, result);
    manifest = await writeRemoteCache(parts, target, results);
  }
  return manifest;
}

/** Which Dockerfile it is, as far as that can be told: by the name of its image or the client's for it, else by its base images. */
function nameOfDockerfile({ request, platform: own }: BuildRun, { steps, result }: Plan): string {
  const about = [
    request.dockerfile ?? '',
    ...(isSameMachine(result.platform, own) ? [] : [platformText(result.platform)]),
  ];
  return keyOf(...originOf(request, steps), ...about);
}

function originOf({ references: [first], origin }: BuildRequest, steps: Plan['steps']): unknown[] {
  if (first !== undefined) return ['image', first.replace(/:[^/]*$/, '')];
  if (origin !== undefined) return ['origin', origin];
  return ['bases', steps.filter(({ words }) => /^from\s/i.test(words)).map(({ words }) => words)];
}

/** Steps that make no layer are done with the plan. */
async function tellOthers(
  { report }: BuildRun,
  { plan, solver, total }: { plan: Plan; solver: Solver; total: number },
): Promise<void> {
  const under = await solver.keyOf(plan.result.node);
  for (const { number: step, words } of plannedSteps(plan).filter(({ makes }) => !makes)) {
    report({ step, total, started: { words } });
    report({ step, done: { cached: false, key: keyOf('config', under, words) } });
  }
}
