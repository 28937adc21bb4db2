import { messageOf } from '../../base/errors.ts';
import type { Dockerfile } from '../../dockerfile/dockerfile.ts';
import { DockerfileError } from '../../dockerfile/dockerfile-error.ts';
import { expandWord } from '../../dockerfile/expand.ts';
import { emptyConfig } from '../../dockerfile/image-config.ts';
import { nearest } from '../../dockerfile/nearest.ts';
import { parseLine } from '../../dockerfile/parse-dockerfile.ts';
import { readCommand } from '../../dockerfile/read-command.ts';
import { type FromCommand, type Stage, type StageCommand, type Stages, stagesOf } from '../../dockerfile/stages.ts';
import { parsePlatform } from '../../registry/platform.ts';
import type { BaseImage, ImagePlatform } from '../images/image-service.ts';
import { applyCommand } from './apply-command.ts';
import type { BuildGrant, BuildNetwork } from './build-service.ts';
import type { Node, StepPlace } from './node.ts';
import { platformArguments } from './platform-arguments.ts';
import { historyEntry, type StageState } from './stage-state.ts';

export interface PlanRequest {
  dockerfile: Dockerfile;
  buildArguments: Readonly<Record<string, string | undefined>>;
  target?: string;
  platform: ImagePlatform;
  /** Of several plans of one build: the number of its first step, and what its stages are called by. */
  among?: { firstStep: number; name: string };
  buildPlatform: ImagePlatform;
  network: BuildNetwork;
  grants?: readonly BuildGrant[];
  labels: Readonly<Record<string, string>>;
  /** Whether its client can be asked for secrets. */
  hasClient: boolean;
  /** Of these stages every step is run. */
  freshStages?: readonly string[];
  /** What stands for images and stages of these names: another image, or a folder. */
  contexts?: Readonly<Record<string, { image: string } | { files: unknown } | { address: string }>>;
  /** Finds or pulls a base image. */
  baseOf(reference: string, platform: ImagePlatform, step: StepPlace): Promise<BaseImage>;
}

export interface Plan {
  /** As it was asked for; that of the result is its base's. */
  platform: ImagePlatform;
  result: StageState;
  steps: readonly StepPlace[];
  /** Build arguments that no ARG asked for. */
  unused: readonly string[];
  /** What checks say of the Dockerfile, once each. */
  warnings: readonly string[];
}

/** How the stages of one Dockerfile find each other. */
export interface Planning {
  request: PlanRequest;
  stages: Stages;
  /** Of ARGs above the first FROM. */
  globals: ReadonlyMap<string, string>;
  used: Set<string>;
  warn(words: string): void;
  placeOf(command: FromCommand | StageCommand): StepPlace;
  /** The state of a stage by its name or number; undefined where there is none before `before`. */
  stage(name: string, before: number): Promise<StageState> | undefined;
  /** What stands for an image or a stage of this name; undefined: nothing does. */
  named(name: string, platform: ImagePlatform, step: StepPlace): Promise<StageState> | undefined;
  /** Whether a name means the stage `index`, which cannot be its own source. */
  isOwn(name: string, index: number): boolean;
}

/**
 * Reads the stages that the target needs into what has to be made; base images are looked up, nothing is run.
 * @throws DockerfileError, and what `baseOf` throws
 */
export async function planBuild(request: PlanRequest): Promise<Plan> {
  const stages = stagesOf(request.dockerfile);
  const target = targetOf(stages, request.target);
  const steps = stepsFor(stages, neededBy(stages, target, request), request);
  const used = new Set<string>();
  const warnings = new Set<string>();
  const globals = globalsOf(stages, request, used);
  const states = new Map<number, Promise<StageState>>();
  const planning: Planning = {
    ...{ request, stages, globals, used },
    warn: (words) => void warnings.add(words),
    placeOf: (command) => steps.get(command) ?? { number: 0, words: command.words, lines: command.lines },
    isOwn: (name, index) => indexOf(stages, name) === index,
    named: (name, platform, step) => stateOfContext(request, { name, platform, step }),
    stage(name, before) {
      const index = indexOf(stages, name);
      if (index === undefined || index >= before) return undefined;
      return state(index);
    },
  };
  const state = (index: number): Promise<StageState> => {
    const known = states.get(index);
    if (known) return known;
    const made = planStage(planning, index);
    // looked at where it is waited for
    made.catch(() => {});
    states.set(index, made);
    return made;
  };
  const result = await state(target);
  const unused = Object.keys(request.buildArguments).filter((name) => !used.has(name) && !name.startsWith('BUILDKIT_'));
  const { platform } = request;
  return { platform, result: withLabels(result, request), steps: [...steps.values()], unused, warnings: [...warnings] };
}

function withLabels(state: StageState, { labels }: PlanRequest): StageState {
  return { ...state, config: { ...state.config, labels: { ...state.config.labels, ...labels } } };
}

function indexOf({ stages }: Stages, name: string): number | undefined {
  const named = stages.findLastIndex(({ from }) => from.name === name.toLowerCase());
  if (named >= 0) return named;
  return /^\d+$/.test(name) && Number(name) < stages.length ? Number(name) : undefined;
}

/** Number of the stage that is meant; absent: the last one. @throws DockerfileError with the nearest name */
export function targetOf(stages: Stages, target: string | undefined): number {
  if (target === undefined || target === '') return stages.stages.length - 1;
  const index = indexOf(stages, target);
  if (index !== undefined) return index;
  const meant = nearest(
    target,
    stages.stages.flatMap(({ from }) => from.name ?? []),
  );
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  throw new DockerfileError(`target stage ${JSON.stringify(target)} could not be found${hint}`);
}

/** Numbers of the stages that one needs, itself too. Variables in names of stages are left to the planning. */
function neededBy(stages: Stages, target: number, request: PlanRequest): ReadonlySet<number> {
  const needed = new Set<number>();
  const need = (name: string | undefined, before: number) => {
    const index = name === undefined ? undefined : indexOf(stages, name);
    if (index !== undefined && index < before) visit(index);
  };
  const visit = (index: number) => {
    const stage = stages.stages[index];
    if (!stage || needed.has(index)) return;
    if (contextFor(request, stage.from.name)) return;
    needed.add(index);
    need(stage.from.base, index);
    for (const command of stage.commands) {
      if (command.kind === 'COPY') need(command.from, index);
      if (command.kind === 'RUN') for (const { from } of command.mounts) need(from, index);
    }
  };
  visit(target);
  return needed;
}

function stepsFor(
  { stages }: Stages,
  needed: ReadonlySet<number>,
  { freshStages = [], among = { firstStep: 1, name: '' } }: PlanRequest,
): Map<FromCommand | StageCommand, StepPlace> {
  const commands = stages.flatMap((stage, index) => {
    if (!needed.has(index)) return [];
    const isFresh = [stage.from.name, String(index)].some((name) => freshStages.includes(name ?? ''));
    const own = stage.from.name ?? (stages.length > 1 ? `stage-${index}` : '');
    const name = [among.name, own].filter(Boolean).join(' ') || undefined;
    return [stage.from, ...stage.commands].map((command) => ({ command, name, isFresh }));
  });
  return new Map(
    commands.map(({ command, name, isFresh }, index) => {
      const { words, lines } = command;
      const stage = name === undefined ? {} : { stage: name };
      return [command, { number: among.firstStep + index, words, lines, ...stage, ...(isFresh && { isFresh }) }];
    }),
  );
}

function globalsOf({ args }: Stages, request: PlanRequest, used: Set<string>): Map<string, string> {
  const { dockerfile, buildArguments } = request;
  const globals = new Map(platformArguments(request.platform, request.buildPlatform, request.target ?? 'default'));
  for (const { pairs } of args) {
    for (const [name, written] of pairs) {
      used.add(name);
      const lookup = (each: string) => globals.get(each);
      const value =
        buildArguments[name] ??
        (written === undefined
          ? undefined
          : expandWord(written, { lookup, escapeCharacter: dockerfile.escapeCharacter }));
      if (value !== undefined) globals.set(name, value);
    }
  }
  return globals;
}

async function planStage(planning: Planning, index: number): Promise<StageState> {
  const stage = planning.stages.stages[index];
  if (!stage) throw new Error(`there is no stage ${index}`);
  const { name } = stage.from;
  const instead = name && planning.named(name, planning.request.platform, planning.placeOf(stage.from));
  if (instead) return instead;
  const begun = await beginStage(planning, stage, index);
  let state = begun.state;
  for (const command of [...begun.triggers, ...stage.commands])
    state = await applyCommand(planning, { state, command, index });
  return state;
}

interface Begun {
  state: StageState;
  triggers: readonly StageCommand[];
}

async function beginStage(planning: Planning, { from }: Stage, index: number): Promise<Begun> {
  const { request, globals } = planning;
  const { escapeCharacter } = request.dockerfile;
  const lookup = (name: string) => globals.get(name);
  const expand = (text: string) => expandWord(text, { lookup, escapeCharacter });
  const name = expand(from.base);
  if (name === '') throw new DockerfileError(`base name (${from.base}) should not be blank`, from.lines);
  const args = new Map<string, string | undefined>();
  const platform = from.platform === undefined ? request.platform : platformIn(expand(from.platform), from);
  const earlier = planning.named(name, platform, planning.placeOf(from)) ?? planning.stage(name, index);
  if (earlier) {
    const { node, platform, config, history, author } = await earlier;
    const { onBuild = [], ...rest } = config;
    const state = {
      node,
      platform,
      config: rest,
      history,
      hasCommand: false,
      args,
      ...(author !== undefined && { author }),
    };
    return { state, triggers: triggersOf(onBuild, from, escapeCharacter) };
  }
  if (name === 'scratch') {
    return { state: emptyState(platform), triggers: [] };
  }
  const step = planning.placeOf(from);
  const image = await stateOfImage(request, { reference: name, platform, step });
  const { onBuild = [], ...config } = image.config;
  return { state: { ...image, config }, triggers: triggersOf(onBuild, from, escapeCharacter) };
}

function emptyState(platform: ImagePlatform): StageState {
  const config = { ...emptyConfig, environment: [defaultPath], workingDirectory: '/' };
  return { node: { op: 'scratch' }, platform, config, history: [], hasCommand: false, args: new Map() };
}

/** A context of this name; it stands for `latest` where no tag is written. */
function contextFor({ contexts = {} }: PlanRequest, name: string | undefined) {
  const found = name === undefined ? undefined : name.replace(/:latest$/, '');
  return found !== undefined && Object.hasOwn(contexts, found) ? { name: found, context: contexts[found] } : undefined;
}

function stateOfContext(
  request: PlanRequest,
  { name, platform, step }: { name: string; platform: ImagePlatform; step: StepPlace },
): Promise<StageState> | undefined {
  const found = contextFor(request, name);
  if (!found?.context) return undefined;
  if ('image' in found.context) return stateOfImage(request, { reference: found.context.image, platform, step });
  return Promise.resolve(stateOfFolder(found.name, platform));
}

async function stateOfImage(
  request: PlanRequest,
  { reference, platform, step }: { reference: string; platform: ImagePlatform; step: StepPlace },
): Promise<StageState> {
  const base = await request.baseOf(reference, platform, step);
  const node: Node = { op: 'image', base, reference, step };
  const { config, history } = base;
  return { node, platform: base.platform, config, history, hasCommand: false, args: new Map() };
}

/** All of the folder, as a layer on nothing. */
function stateOfFolder(named: string, platform: ImagePlatform): StageState {
  const words = `context ${named}`;
  const empty = emptyState(platform);
  const part = { from: 'context' as const, named, sources: ['/'], exclude: [] };
  const step = { number: 0, words, lines: { first: 1, last: 1 } };
  const copy = { op: 'copy' as const, parts: [part], destination: '/', unpack: false, parents: false };
  const history = [historyEntry(words, { empty: false })];
  return { ...empty, node: { ...copy, input: empty.node, step }, history };
}

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function platformIn(text: string, { lines }: FromCommand): ImagePlatform {
  try {
    return parsePlatform(text);
  } catch (error) {
    throw new DockerfileError(messageOf(error), lines);
  }
}

/** What the base image has left for images that are built on it. */
function triggersOf(onBuild: readonly string[], { lines }: FromCommand, escapeCharacter: string): StageCommand[] {
  return onBuild.map((text) => {
    const command = readCommand({ ...parseLine({ text, lines }), heredocs: [] }, escapeCharacter);
    if (command.kind === 'FROM') throw new DockerfileError("FROM isn't allowed as an ONBUILD trigger", lines);
    return command;
  });
}
