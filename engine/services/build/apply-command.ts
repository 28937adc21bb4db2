import path from 'node:path';
import { applyAt, programOf } from '../../dockerfile/apply-config.ts';
import type { Command, RunMount } from '../../dockerfile/command.ts';
import { at, DockerfileError } from '../../dockerfile/dockerfile-error.ts';
import { expandCommand } from '../../dockerfile/expand-command.ts';
import { looksSecret, secretWarning } from '../../dockerfile/secret-names.ts';
import type { StageCommand } from '../../dockerfile/stages.ts';
import { copyParts } from './copy-parts.ts';
import type { CopyNode, ExecMount, ExecNode, Node, StepPlace } from './node.ts';
import type { Planning } from './plan-build.ts';
import {
  argumentsFor,
  argumentWords,
  configWords,
  historyEntry,
  lookupIn,
  proxiesOf,
  type StageState,
} from './stage-state.ts';

/** Where an instruction is. */
export interface Site {
  state: StageState;
  command: StageCommand;
  /** Number of its stage. */
  index: number;
}

/** The stage after one more instruction. @throws DockerfileError */
export async function applyCommand(planning: Planning, site: Site): Promise<StageState> {
  const { state, index } = site;
  const { escapeCharacter } = planning.request.dockerfile;
  const command = expandCommand(site.command, { lookup: lookupIn(state), escapeCharacter });
  const step = planning.placeOf(site.command);
  switch (command.kind) {
    case 'ARG':
      return applyArgument(planning, state, command);
    case 'RUN':
      return applyRun(planning, { state, command, index, step });
    case 'COPY':
    case 'ADD':
      return applyCopy(planning, { state, command, index, step });
    case 'WORKDIR':
      return applyDirectory(state, command, step);
    case 'MAINTAINER':
      return told({ ...state, author: command.name }, command);
    default: {
      if (command.kind === 'ENV')
        for (const [name] of command.pairs) if (looksSecret(name)) planning.warn(secretWarning('ENV', name));
      const config = applyAt(state.config, command, { hasCommand: state.hasCommand });
      return told({ ...state, config, hasCommand: state.hasCommand || command.kind === 'CMD' }, command);
    }
  }
}

/** With its entry in the history, without a layer. */
function told(state: StageState, command: StageCommand): StageState {
  const words = configWords(command, state.config);
  if (words === undefined) return state;
  return { ...state, history: [...state.history, historyEntry(words, { empty: true })] };
}

type Of<K extends Command['kind']> = K extends unknown ? Extract<StageCommand, { kind: K }> : never;

function applyArgument(planning: Planning, state: StageState, command: Of<'ARG'>): StageState {
  const args = new Map(state.args);
  const words = command.pairs.map(([name, value]) => {
    planning.used.add(name);
    if (looksSecret(name)) planning.warn(secretWarning('ARG', name));
    const given = planning.request.buildArguments[name] ?? value ?? planning.globals.get(name);
    args.set(name, given);
    return value === undefined ? name : `${name}=${value}`;
  });
  const entry = historyEntry(`ARG ${words.join(' ')}`, { empty: true });
  return { ...state, args, history: [...state.history, entry] };
}

interface Working<K extends Command['kind']> {
  state: StageState;
  command: Of<K>;
  index: number;
  step: StepPlace;
}

async function applyRun(planning: Planning, { state, command, index, step }: Working<'RUN'>): Promise<StageState> {
  if (command.insecure && !planning.request.grants?.includes('security.insecure'))
    throw new DockerfileError('security.insecure is not allowed: the build was not given that right', command.lines);
  const { config } = state;
  const mounts = await Promise.all(
    command.mounts.map((mount) =>
      at(command.lines, () => mountOf(planning, { mount, number: numberOf(command.mounts, mount), index, config })),
    ),
  );
  const node: ExecNode = {
    op: 'exec',
    input: state.node,
    args: runArguments(command, state),
    environment: [...config.environment, ...argumentsFor(state)],
    proxies: proxiesOf(planning.request.buildArguments, state.args),
    user: config.user ?? '',
    workingDirectory: config.workingDirectory || '/',
    network: networkOf(planning, command),
    platform: state.platform,
    mounts,
    ...(command.insecure && { isInsecure: true }),
    step,
  };
  return withLayer({ ...state, node }, runWords(command, state));
}

function networkOf({ request }: Planning, { network, lines }: Of<'RUN'>): ExecNode['network'] {
  if (network === 'host' && request.network !== 'host' && !request.grants?.includes('network.host'))
    throw new DockerfileError(
      'network.host is not allowed: give the build --network host or --allow network.host',
      lines,
    );
  return network === undefined || network === 'default' ? request.network : network;
}

/** A here-document alone is the script; beside words the shell reads it itself. */
function runArguments({ command, heredocs }: Of<'RUN'>, { config }: StageState): readonly string[] {
  if (!command.shell || heredocs.length === 0) return programOf(command, config);
  const [only] = heredocs;
  const isScript = heredocs.length === 1 && only !== undefined && /^<<-?\S+$/.test(command.words.trim());
  if (isScript) return programOf({ shell: true, words: only.content }, config);
  const documents = heredocs.map(({ name, content }) => `${content}${name}`).join('\n');
  return programOf({ shell: true, words: `${command.words}\n${documents}` }, config);
}

function runWords(command: Of<'RUN'>, state: StageState): string {
  const args = argumentWords(state);
  const program = runArguments(command, state).join(' ');
  const before = args.length === 0 ? '' : `|${args.length} ${args.join(' ')} `;
  return `RUN ${before}${program} # buildkit`;
}

async function mountOf(
  planning: Planning,
  { mount, number, index, config }: { mount: RunMount; number: number; index: number; config: StageState['config'] },
): Promise<ExecMount> {
  if (mount.type === 'secret' || mount.type === 'ssh')
    return clientMount(planning, { mount: { ...mount, type: mount.type }, number, config });
  const target = path.posix.resolve(config.workingDirectory || '/', mount.target ?? '/');
  if (mount.type === 'tmpfs')
    return { type: 'tmpfs', target, ...(mount.size !== undefined && { sizeBytes: mount.size }) };
  if (mount.type === 'cache')
    return {
      ...{ type: 'cache', target, id: mount.id ?? target, sharing: mount.sharing ?? 'shared' },
      ...{ readOnly: mount.readOnly ?? false, mode: mount.mode ?? 0o755, uid: mount.uid ?? 0, gid: mount.gid ?? 0 },
    };
  const from = mount.from === undefined ? 'context' : await sourceOf(planning, mount.from, index);
  return { type: 'bind', target, from, source: mount.source ?? '/', readOnly: mount.readOnly ?? true };
}

/** Among those of its type. */
const numberOf = (mounts: readonly RunMount[], mount: RunMount) =>
  mounts.filter(({ type }) => type === mount.type).indexOf(mount);

/** What only a client that stays connected can give. */
function clientMount(
  { request }: Planning,
  {
    mount,
    number,
    config,
  }: {
    mount: RunMount & { type: 'secret' | 'ssh' };
    number: number;
    config: StageState['config'];
  },
): ExecMount {
  const { type } = mount;
  if (!request.hasClient)
    throw new DockerfileError(
      `--mount=type=${type} needs a client that offers it in a session of BuildKit: this one does not`,
    );
  const resolve = (target: string) => path.posix.resolve(config.workingDirectory || '/', target);
  const { uid = 0, gid = 0, required = false, env, target } = mount;
  if (type === 'ssh') {
    const place = resolve(target || `/run/buildkit/ssh_agent.${number}`);
    return { type, id: mount.id || 'default', target: place, required, mode: mount.mode ?? 0o600, uid, gid };
  }
  const id = mount.id || mount.source || (target ? path.posix.basename(target) : '');
  if (id === '') throw new DockerfileError('secret mount needs an id or a target');
  const place = target || (env === undefined ? `/run/secrets/${path.posix.basename(id)}` : undefined);
  return {
    ...{ type, id, required, mode: mount.mode ?? 0o400, uid, gid },
    ...(place !== undefined && { target: resolve(place) }),
    ...(env !== undefined && { env }),
  };
}

/** A stage before this one, or an image. */
async function sourceOf(planning: Planning, name: string, index: number): Promise<Node> {
  const { request } = planning;
  const step = { number: 0, words: name, lines: { first: 1, last: 1 } };
  const other = planning.named(name, request.platform, step) ?? planning.stage(name, index);
  if (other) return (await other).node;
  if (planning.isOwn(name, index)) throw new DockerfileError(`circular dependency detected on stage: ${name}`);
  return { op: 'image', base: await request.baseOf(name, request.platform, step), reference: name, step };
}

async function applyCopy(
  planning: Planning,
  { state, command, index, step }: Working<'COPY' | 'ADD'>,
): Promise<StageState> {
  const from =
    command.kind === 'COPY' && command.from !== undefined ? await sourceOf(planning, command.from, index) : 'context';
  const { config } = state;
  const node: CopyNode = {
    op: 'copy',
    input: state.node,
    parts: at(command.lines, () => copyParts(command, from)),
    destination: destinationOf(command.destination, config.workingDirectory || '/'),
    ...(command.owner !== undefined && command.owner !== '' && { owner: command.owner }),
    ...(command.mode !== undefined &&
      command.mode !== '' && { mode: at(command.lines, () => modeOf(command.mode ?? '')) }),
    unpack: command.kind === 'ADD' && command.unpack !== false,
    parents: command.kind === 'COPY' && command.parents,
    step,
  };
  const flags = [
    ...(command.owner ? [`--chown=${command.owner} `] : []),
    ...(command.mode ? [`--chmod=${command.mode} `] : []),
  ].join('');
  const sources = [...command.contents.map(({ heredoc }) => `<<${heredoc.name}`), ...command.paths];
  const words = `${command.kind} ${flags}${[...sources, command.destination].join(' ')} # buildkit`;
  return withLayer({ ...state, node }, words);
}

function destinationOf(written: string, workingDirectory: string): string {
  const absolute = path.posix.resolve(workingDirectory, written);
  return (written.endsWith('/') || /(^|\/)\.$/.test(written)) && absolute !== '/' ? `${absolute}/` : absolute;
}

function modeOf(text: string): number {
  if (!/^[0-7]{1,4}$/.test(text))
    throw new DockerfileError(`invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`);
  return Number.parseInt(text, 8);
}

function applyDirectory(state: StageState, command: Of<'WORKDIR'>, step: StepPlace): StageState {
  const config = applyAt(state.config, command);
  const directory = config.workingDirectory ?? '/';
  const words = `WORKDIR ${directory}`;
  if (directory === '/') {
    const entry = historyEntry(words, { empty: true });
    return { ...state, config, history: [...state.history, entry] };
  }
  const node: Node = { op: 'directory', input: state.node, path: directory, user: config.user ?? '', step };
  return withLayer({ ...state, config, node }, words);
}

function withLayer(state: StageState, words: string): StageState {
  const entry = historyEntry(words, { empty: false });
  return { ...state, history: [...state.history, entry] };
}
