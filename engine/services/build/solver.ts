import type { Limit } from '../../base/limit.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { SelectedSource } from '../../storage/files/select-files.ts';
import type { BuildCache, StepResult } from './build-cache.ts';
import { atStep } from './build-failure.ts';
import type { BuildMessage } from './build-service.ts';
import { createExplainer } from './explainer.ts';
import { type Node, type StepPlace, sourcesOf, type Tree, type WorkNode } from './node.ts';
import type { RemoteCache } from './remote-cache.ts';
import { keyOf } from './step-keys.ts';
import type { StepMarks } from './step-marks.ts';

/** What the solver has done by others. */
export interface Workshop {
  /** Names a node by what it is made of; inputs by their own keys. */
  keyOf(node: WorkNode, keyOfInput: (node: Node) => Promise<string>): Promise<string>;
  /** Files of the context that a node takes. */
  filesOf(node: WorkNode): Promise<readonly SelectedSource[]>;
  /** Makes a node on its input. `solve`: for what else it takes files from. */
  make(node: WorkNode, input: Tree, solve: (node: Node) => Promise<Tree>): Promise<Tree>;
}

export interface SolverParts {
  workshop: Workshop;
  cache: BuildCache;
  /** What was made elsewhere. */
  remote: RemoteCache;
  lease: Lease;
  limit: Limit;
  signal: AbortSignal;
  marks: StepMarks;
  /** Which Dockerfile it is, as far as that can be told. */
  dockerfile: string;
  /** Told the key of each result that this build has. */
  using(key: string): void;
  /** Told of a step that failed, and what it began with. */
  failed(node: WorkNode, input: Tree): void;
  /** Nothing that was made before is used. */
  fresh: boolean;
  /** Steps of all, for the count. */
  total: number;
  report(message: BuildMessage): void;
}

export interface Solver {
  solve(node: Node): Promise<Tree>;
  keyOf(node: Node): Promise<string>;
  /** Results by their keys, of what a node stands on and, with `whole`, of everything that it needs. */
  results(node: Node, whole: boolean): Promise<Map<string, StepResult>>;
}

const nothing: Tree = { layers: [], top: undefined };

/**
 * Makes what a node needs, each node once, everything at once whose inputs are there. What was made before by the same parts
 * is taken from the cache, without its inputs.
 */
export function createSolver(parts: SolverParts): Solver {
  const { workshop, cache, lease, limit, signal, report, total } = parts;
  const keys = new Map<Node, Promise<string>>();
  const trees = new Map<Node, Promise<Tree>>();
  const told = new Set<number>();

  const begin = (step: StepPlace) => {
    if (step.number > 0) report({ step: step.number, total, started: { words: step.words } });
  };
  const done = (step: StepPlace, key: string, cached: boolean) => {
    if (step.number === 0 || told.has(step.number)) return;
    told.add(step.number);
    report({ step: step.number, done: { cached, key } });
  };
  const makeKey = async (node: Node): Promise<string> => {
    if (node.op === 'scratch') return keyOf('scratch');
    if (node.op === 'image') return keyOf('image', node.base.id);
    return atStep(node.step.lines, () => workshop.keyOf(node, key));
  };
  const key = (node: Node): Promise<string> => remember(keys, node, makeKey);

  const { marks, dockerfile, fresh } = parts;
  const isFresh = freshness(fresh);
  const explainer = createExplainer({ marks, dockerfile, isFresh, keyOf: key, filesOf: workshop.filesOf });

  /** Steps below one that was cached: nobody has to look. */
  const tellCached = async (node: Node): Promise<void> => {
    if (node.op === 'scratch') return;
    if (node.op !== 'image') {
      await tellCached(node.input);
      await explainer.made(node);
    }
    if (told.has(node.step.number)) return;
    begin(node.step);
    done(node.step, await key(node), true);
  };
  const work = (node: WorkNode, input: Tree) =>
    orTell(parts, { node, input }, () =>
      atStep(node.step.lines, () => limit.run(() => workshop.make(node, input, solve), signal)),
    );
  const make = async (node: Node): Promise<Tree> => {
    if (node.op === 'scratch') return nothing;
    if (node.op === 'image') {
      await tellCached(node);
      return { layers: node.base.layers, top: node.base.topSnapshot };
    }
    const name = await key(node);
    const found = isFresh(node) ? undefined : (cache.find(name) ?? (await bring(parts, name)));
    if (found) {
      parts.using(name);
      hold(lease, found);
      await tellCached(node);
      return found;
    }
    // all before it takes a place: one that waited for others in its place could wait for ever
    const [input = nothing] = await Promise.all([node.input, ...sourcesOf(node)].map(solve));
    signal.throwIfAborted();
    const missed = node.step.number > 0 ? await explainer.missed(node) : undefined;
    if (missed) report({ step: node.step.number, missed });
    begin(node.step);
    const tree = await work(node, input);
    const parent = node.input.op === 'scratch' || node.input.op === 'image' ? undefined : await key(node.input);
    parts.using(name);
    if (tree.top !== undefined)
      cache.put(name, { ...tree, top: tree.top, words: node.step.words, ...(parent !== undefined && { parent }) });
    await explainer.made(node);
    done(node.step, name, false);
    return tree;
  };
  const solve = (node: Node): Promise<Tree> => remember(trees, node, make);
  return { solve, keyOf: key, results: (node, whole) => resultsOf({ cache, key }, node, whole) };
}

async function bring({ remote, cache }: SolverParts, key: string): Promise<StepResult | undefined> {
  const brought = await remote.find(key);
  if (brought) cache.put(key, brought);
  return brought;
}

async function orTell(
  { signal, failed }: SolverParts,
  { node, input }: { node: WorkNode; input: Tree },
  work: () => Promise<Tree>,
): Promise<Tree> {
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted && node.step.number > 0) failed(node, input);
    throw error;
  }
}

/** What stands on a step that is run anew, or takes files from it, is too. */
function freshness(all: boolean): (node: Node) => boolean {
  const known = new Map<Node, boolean>();
  const isFresh = (node: Node): boolean => {
    if (all) return true;
    if (node.op === 'scratch' || node.op === 'image') return false;
    const answer = known.get(node) ?? (node.step.isFresh === true || [node.input, ...sourcesOf(node)].some(isFresh));
    known.set(node, answer);
    return answer;
  };
  return isFresh;
}

interface Results {
  cache: BuildCache;
  key(node: Node): Promise<string>;
}

async function resultsOf({ cache, key }: Results, top: Node, whole: boolean): Promise<Map<string, StepResult>> {
  const found = new Map<string, StepResult>();
  const visit = async (node: Node): Promise<void> => {
    if (node.op === 'scratch' || node.op === 'image') return;
    const name = await key(node);
    if (found.has(name)) return;
    const result = cache.find(name);
    if (result) found.set(name, result);
    for (const other of whole ? [node.input, ...sourcesOf(node)] : [node.input]) await visit(other);
  };
  await visit(top);
  return found;
}

function remember<T>(known: Map<Node, Promise<T>>, node: Node, make: (node: Node) => Promise<T>): Promise<T> {
  const before = known.get(node);
  if (before) return before;
  const made = make(node);
  // looked at where it is waited for
  made.catch(() => {});
  known.set(node, made);
  return made;
}

/** Synchronous with the look: the collector runs in turns of its own. */
function hold(lease: Lease, { layers, top }: StepResult): void {
  lease.hold('snapshot', top);
  for (const { digest } of layers) lease.hold('content', digest);
}
