import { mayBeSecret } from '../../dockerfile/secret-names.ts';
import type { SelectedSource } from '../../storage/files/select-files.ts';
import type { CacheMiss } from './build-service.ts';
import { explainMiss } from './explain-miss.ts';
import { type Node, sourcesOf, type WorkNode } from './node.ts';
import { keyOf } from './step-keys.ts';
import type { MarkedInput, StepMark, StepMarks } from './step-marks.ts';

export interface ExplainerParts {
  marks: StepMarks;
  /** Which Dockerfile it is, as far as that can be told. */
  dockerfile: string;
  /** Nothing that was made before is used for it. */
  isFresh(node: Node): boolean;
  keyOf(node: Node): Promise<string>;
  /** Files of the context that a node takes; they were looked at for its key. */
  filesOf(node: WorkNode): Promise<readonly SelectedSource[]>;
}

/** Knows what each step was made of when it was last made. */
export interface Explainer {
  /** Why a step is not in the cache; undefined where nothing is known of it. */
  missed(node: WorkNode): Promise<CacheMiss | undefined>;
  /** The step is there now. */
  made(node: WorkNode): Promise<void>;
}

export function createExplainer(parts: ExplainerParts): Explainer {
  const { marks, dockerfile } = parts;
  const placeOf = ({ step }: WorkNode) => keyOf('place', dockerfile, step.number);
  const wordsOf = ({ step }: WorkNode) => keyOf('words', dockerfile, step.words);
  return {
    async missed(node) {
      if (parts.isFresh(node)) return { reasons: [{ kind: 'no-cache' }], moreFiles: 0 };
      const here = marks.at(placeOf(node));
      const before = here?.words === node.step.words ? here : (marks.ofWords(wordsOf(node)) ?? here);
      if (!before) return undefined;
      const inputs = await stepsOf(parts, node);
      return explainMiss(before, await markOf(parts, node), (key) => inputs.get(key));
    },
    async made(node) {
      const place = placeOf(node);
      if (node.step.number === 0 || marks.keyAt(place) === (await parts.keyOf(node))) return;
      marks.put(place, wordsOf(node), await markOf(parts, node));
    },
  };
}

/** Numbers of the steps that made what a node stands on and takes from. */
async function stepsOf(parts: ExplainerParts, node: WorkNode): Promise<ReadonlyMap<string, number>> {
  const steps = new Map<string, number>();
  for (const input of [node.input, ...sourcesOf(node)])
    if (input.op !== 'scratch' && input.step.number > 0) steps.set(await parts.keyOf(input), input.step.number);
  return steps;
}

async function markOf(parts: ExplainerParts, node: WorkNode): Promise<StepMark> {
  const inputOf = async (input: Node): Promise<MarkedInput> => ({
    key: await parts.keyOf(input),
    ...(input.op === 'image' && { base: { reference: input.reference, id: input.base.id } }),
  });
  return {
    words: node.step.words,
    key: await parts.keyOf(node),
    input: await inputOf(node.input),
    sources: await Promise.all(sourcesOf(node).map(inputOf)),
    settings: settingsOf(node),
    variables: node.op === 'exec' ? variablesOf(node.environment) : {},
    files: Object.fromEntries((await parts.filesOf(node)).flatMap(hashes)),
  };
}

function settingsOf(node: WorkNode): string {
  if (node.op === 'directory') return keyOf(node.path, node.user);
  if (node.op === 'copy') {
    const { destination, owner, mode, unpack, parents } = node;
    const parts = node.parts.map((part) => ('from' in part ? [part.sources, part.exclude] : part));
    return keyOf({ destination, owner, mode, unpack, parents, parts });
  }
  const { args, user, workingDirectory, network } = node;
  return keyOf({ args, user, workingDirectory, network, mounts: node.mounts.map((each) => ({ ...each, from: '' })) });
}

const variablesOf = (environment: readonly string[]) =>
  Object.fromEntries(
    environment.map((entry) => {
      const at = entry.indexOf('=');
      const [name, value] = [entry.slice(0, at), entry.slice(at + 1)];
      return [name, mayBeSecret(name) ? keyOf(value).slice(0, 4) : value];
    }),
  );

/** Of files only: a folder changes with what is in it. */
const hashes = (source: SelectedSource): [path: string, hash: string][] =>
  source.files.flatMap(({ path, type, mode, content }) => {
    if (type === 'directory') return [];
    const whole = [source.path, path].filter(Boolean).join('/');
    return [[Buffer.from(whole, 'latin1').toString(), keyOf(type, mode, content).slice(0, 8)]];
  });
