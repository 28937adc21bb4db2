import { sampleImage } from '../sample.ts';
import type { PeerName } from './subjects.ts';

/**
 * What all steps may have. In every string `@name` stands for a name of this group's own (`lifecycle-name`), `IMAGE` for
 * the sample image, `{word}` for what an earlier step kept; `{began}`, `{now}` and `{soon}` are moments: when the group began,
 * when the step does, three seconds later.
 */
interface StepOptions {
  /** Name where the call itself is no good one; unique in its group. */
  as?: string;
  /** Standard input, or the body as it is. */
  input?: string;
  /** `{word: path in the JSON answer}`, or `{word: ''}` for all that was said: kept for later steps. */
  keep?: Readonly<Record<string, string>>;
  /** The moment before the step is kept by this word. */
  mark?: string;
  /** What differs from run to run here, and what stands for it. */
  mask?: readonly (readonly [RegExp, string])[];
  /** Lines come in no order that anybody promises. */
  anyOrder?: boolean;
  /** Headers that are compared, besides the type of the content. */
  headers?: readonly string[];
  /** Paths in the JSON body (`HostConfig.Memory`): nothing else of it is compared. */
  pick?: readonly string[];
  /** Only this peer has it. */
  only?: PeerName;
  /** The call is repeated until its standard output has this. */
  until?: RegExp;
  /** Prepares, is not compared: it has to succeed. */
  quiet?: boolean;
}

export interface CliStep extends StepOptions {
  readonly kind: 'cli';
  readonly args: string;
}

export interface ApiStep extends StepOptions {
  readonly kind: 'api';
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** A call that goes on: `during` is done once it has begun, and it is left when it has said `until`; without, it ends by itself. */
export interface LiveStep extends StepOptions {
  readonly kind: 'live';
  readonly call: CliStep | ApiStep;
  readonly during: readonly Step[];
  readonly leaveAt?: RegExp;
}

/** One turn of a conversation. What it `sees` is looked for behind what the turn before has seen. */
export type Turn =
  | { readonly sees: RegExp }
  | { readonly types: string }
  /** Rows and columns that the terminal gets until it `sees` that: a CLI that has just begun does not look yet. */
  | { readonly size: readonly [number, number]; readonly sees: RegExp }
  | { readonly does: Step }
  /** The end of input: a half-close, or of a WebSocket its close. */
  | { readonly ends: true };

/** A conversation at a terminal of the docker CLI, over a connection taken over, or over a WebSocket. */
export interface TalkStep extends StepOptions {
  readonly kind: 'talk';
  readonly over: 'terminal' | 'upgrade' | 'plain' | 'websocket';
  /** Words of the CLI, or the path of the request. */
  readonly call: string;
  readonly turns: readonly Turn[];
}

export type Step = CliStep | ApiStep | LiveStep | TalkStep;

/** Steps that share containers, in this order; nothing is left of one group when the next begins. */
export interface Group {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** A call of the docker CLI; words as a shell splits them, with single quotes. */
export const docker = (args: string, options: StepOptions = {}): CliStep => ({ kind: 'cli', args, ...options });
/** One that only prepares. */
export const given = (args: string, options: StepOptions = {}): CliStep => docker(args, { ...options, quiet: true });

/** A request below `/v1.xx`, with a JSON body. */
const api =
  (method: string) =>
  (path: string, body?: unknown, options: StepOptions = {}): ApiStep => ({
    kind: 'api',
    method,
    path,
    body,
    ...options,
  });
export const get = (path: string, options: StepOptions = {}) => api('GET')(path, undefined, options);
export const head = (path: string, options: StepOptions = {}) => api('HEAD')(path, undefined, options);
export const del = (path: string, options: StepOptions = {}) => api('DELETE')(path, undefined, options);
export const post = api('POST');
export const put = api('PUT');

export const live = (
  call: CliStep | ApiStep,
  { during = [], ...options }: StepOptions & { during?: readonly Step[]; leaveAt?: RegExp } = {},
): LiveStep => ({ kind: 'live', call, during, ...options });

const talk =
  (over: TalkStep['over']) =>
  (call: string, turns: readonly Turn[], options: StepOptions = {}): TalkStep => ({
    kind: 'talk',
    over,
    call,
    turns,
    ...options,
  });
/** The docker CLI at a terminal of 24 rows and 80 columns. */
export const atTerminal = talk('terminal');
/** `POST` with `Upgrade: tcp`. */
export const upgraded = talk('upgrade');
/** `POST` without `Upgrade`. */
export const takenOver = talk('plain');
export const webSocket = talk('websocket');

/** Fills in names and what was kept. */
export function filledIn(text: string, group: string, kept: ReadonlyMap<string, string>): string {
  return text
    .replaceAll(/@([a-z]\w*)/g, (_, name: string) => `${group}-${name}`)
    .replaceAll('IMAGE', sampleImage)
    .replaceAll(/\{(\w+)\}/g, (whole, word: string) => kept.get(word) ?? whole);
}

/** How a step is called in the table of differences. */
export function labelOf(step: Step): string {
  if (step.as) return step.as;
  if (step.kind === 'cli') return `docker ${step.args}`;
  if (step.kind === 'live') return `live ${labelOf(step.call)}`;
  if (step.kind === 'talk')
    return step.over === 'terminal' ? `terminal: docker ${step.call}` : `${step.over}: ${step.call}`;
  const body = step.input ?? (step.body === undefined ? '' : JSON.stringify(step.body));
  return `${step.method} ${step.path}${body === '' ? '' : ` ${body}`}`;
}

/** Words as a shell splits them; single quotes keep spaces. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));
