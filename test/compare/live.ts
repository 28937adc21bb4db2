import { spawn } from 'node:child_process';
import http from 'node:http';
import { waitUntil } from '../wait-until.ts';
import { type Kept, normalised, type Outcome, readable } from './readable.ts';
import { type ApiStep, type CliStep, filledIn, type LiveStep, type Step, wordsOf } from './steps.ts';
import { framed, merged } from './streams.ts';
import { cliProgram, type Subject } from './subjects.ts';

/** What a step is taken with. */
export interface Scene {
  readonly group: string;
  readonly subject: Subject;
  readonly kept: Kept;
  /** Takes a step within a step. @throws Error when it fails */
  take(step: Step): Promise<unknown>;
}

/** A call that goes on. */
interface Going {
  begun(): boolean;
  said(): string;
  ended(): boolean;
  leave(): void;
  /** What there is besides what it said. */
  outcome(): Outcome;
}

/** Its standard output; what it says of failures is compared where it ends by itself. */
function goingCli(step: CliStep, { group, subject, kept }: Scene): Going {
  const words = wordsOf(step.args).map((word) => filledIn(word, group, kept));
  const child = spawn(cliProgram, words, { env: subject.env, cwd: subject.root, stdio: ['ignore', 'pipe', 'pipe'] });
  const heard = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      heard[name] += text;
    });
  let closed = false;
  let left = false;
  child.once('close', () => {
    closed = true;
  });
  child.once('error', () => {
    closed = true;
  });
  return {
    begun: () => child.pid !== undefined,
    said: () => heard.stdout,
    ended: () => closed,
    leave() {
      left = true;
      child.kill('SIGKILL');
    },
    outcome: () =>
      left ? {} : { exit: child.exitCode, stderr: readable(normalised(heard.stderr, subject, step), step) },
  };
}

function goingRequest({ method, path, body, input }: ApiStep, { group, subject, kept }: Scene): Going {
  const text = input ?? (body === undefined ? undefined : filledIn(JSON.stringify(body), group, kept));
  const sent = http.request({
    socketPath: subject.socket,
    agent: false,
    method,
    path: encodeURI(`/v${subject.api}${filledIn(path, group, kept)}`),
    headers: { host: 'docker', ...(text !== undefined && { 'content-type': 'application/json' }) },
  });
  const chunks: Buffer[] = [];
  let response: http.IncomingMessage | undefined;
  let closed = false;
  sent.on('response', (answer) => {
    response = answer;
    answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => {});
  });
  sent.on('error', () => {});
  sent.on('close', () => {
    closed = true;
  });
  sent.end(text);
  const type = () => response?.headers['content-type'] ?? '';
  return {
    begun: () => response !== undefined,
    said: () => {
      const bytes = Buffer.concat(chunks);
      return framed(type(), bytes) ? merged(bytes) : bytes.toString();
    },
    ended: () => closed,
    leave: () => sent.destroy(),
    outcome: () => ({ status: response?.statusCode ?? 0, type: type() }),
  };
}

/** Begins a call, does what is to be done meanwhile, and gives what the call said until it ended or was left. */
export async function live(step: LiveStep, scene: Scene): Promise<Outcome> {
  const { call, during, leaveAt } = step;
  const going = call.kind === 'cli' ? goingCli(call, scene) : goingRequest(call, scene);
  try {
    await waitUntil('it has begun', () => going.begun() || going.ended());
    for (const each of during) await scene.take(each);
    await waitUntil(`it says ${leaveAt ?? 'all'}`, () => leaveAt?.test(going.said()) || going.ended());
  } finally {
    if (!going.ended()) going.leave();
    await waitUntil('it has ended', going.ended);
  }
  const all = going.said();
  const found = leaveAt?.exec(all);
  const said = found ? all.slice(0, found.index + found[0].length) : all;
  return { ...going.outcome(), body: readable(normalised(said, scene.subject, step), step) };
}
