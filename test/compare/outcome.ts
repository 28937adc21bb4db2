import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { runToEnd } from '../docker-cli.ts';
import { framesOf } from '../raw-http.ts';
import { waitUntil } from '../wait-until.ts';
import { live } from './live.ts';
import { type Kept, normalised, type Outcome, readable } from './readable.ts';
import { type ApiStep, type CliStep, filledIn, type Group, labelOf, type Step, wordsOf } from './steps.ts';
import { framed } from './streams.ts';
import { cliProgram, type Subject } from './subjects.ts';
import { talk } from './talk.ts';

export type { Outcome } from './readable.ts';

interface RawAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  bytes: Buffer;
}

/** One request over a connection of its own; of an upgraded one all that comes until the other side ends. */
function request(socketPath: string, options: http.RequestOptions, body: string | undefined): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = http.request({ socketPath, agent: false, timeout: 60_000, ...options }, (response) => {
      buffer(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes }),
        reject,
      );
    });
    sent.on('upgrade', (response, socket, first) => {
      socket.end();
      buffer(socket).then((rest) => {
        const bytes = Buffer.concat([first, rest]);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes });
      }, reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${options.method} ${options.path}`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

function textOf({ headers, bytes }: RawAnswer): string {
  if (!framed(headers['content-type'] ?? '', bytes)) return bytes.toString();
  return framesOf(bytes)
    .map(({ stream, text }) => `${stream}: ${text}`)
    .join('');
}

/** Those of `paths` that a body has. */
function picked(body: unknown, paths: readonly string[]): unknown {
  const inside = (path: string) =>
    path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], body);
  return Object.fromEntries(paths.map((path) => [path, inside(path)]).filter(([, value]) => value !== undefined));
}

function keep(step: Step, text: string, kept: Kept): void {
  for (const [word, path] of Object.entries(step.keep ?? {})) {
    const found = path === '' ? text.trim() : (JSON.parse(text) as Record<string, unknown>)[path];
    kept.set(word, String(found));
  }
}

async function byCli(step: CliStep, group: string, subject: Subject, kept: Kept): Promise<Outcome> {
  const { env, root } = subject;
  const args = wordsOf(step.args).map((word) => filledIn(word, group, kept));
  const options = { env, cwd: root, input: step.input ?? '', boundMs: 60_000 };
  const call = () => runToEnd(cliProgram, args, options);
  const { until } = step;
  const { code, stdout, stderr } = await (until
    ? waitUntil(`${step.args} says ${until}`, async () => {
        const ended = await call();
        return until.test(ended.stdout) ? ended : null;
      })
    : call());
  if (step.quiet && code !== 0) throw new Error(`ended with ${code}: ${normalised(stderr, subject, step)}`);
  keep(step, stdout, kept);
  const plain = (text: string) => readable(normalised(text, subject, step), step);
  return { exit: code, stdout: plain(stdout), stderr: plain(stderr) };
}

/** What is told of a path is JSON in base64. */
function headerOf({ headers }: RawAnswer, name: string): string {
  const value = String(headers[name] ?? '');
  return name.endsWith('path-stat') ? Buffer.from(value, 'base64').toString() : value;
}

async function byApi(step: ApiStep, group: string, subject: Subject, kept: Kept): Promise<Outcome> {
  const json = step.body === undefined ? undefined : JSON.stringify(step.body);
  const body = step.input ?? json;
  const headers = { host: 'docker', ...(body !== undefined && { 'content-type': 'application/json' }) };
  const path = encodeURI(`/v${subject.api}${filledIn(step.path, group, kept)}`);
  const filled = body === undefined ? undefined : filledIn(body, group, kept);
  const answer = await request(subject.socket, { method: step.method, path, headers }, filled);
  const text = textOf(answer);
  const read = readable(normalised(text, subject, step), step);
  if (step.quiet && answer.status >= 400) throw new Error(`${answer.status}: ${normalised(text, subject, step)}`);
  if (answer.status < 400) keep(step, text, kept);
  return {
    status: answer.status,
    type: answer.headers['content-type'] ?? '',
    ...Object.fromEntries(
      (step.headers ?? []).map((name) => [name, normalised(headerOf(answer, name), subject, step)]),
    ),
    body: step.pick ? picked(read, step.pick) : read,
  };
}

function take(step: Step, group: string, subject: Subject, kept: Kept): Promise<Outcome> {
  if (step.kind === 'cli') return byCli(step, group, subject, kept);
  if (step.kind === 'api') return byApi(step, group, subject, kept);
  const scene = { group, subject, kept, take: (inner: Step) => take({ ...inner, quiet: true }, group, subject, kept) };
  return step.kind === 'live' ? live(step, scene) : talk(step, scene);
}

/** Outcomes by the labels of steps, in their order. A step that could not be taken has `failed`. */
export async function play(group: Group, subject: Subject): Promise<Map<string, Outcome>> {
  const kept: Kept = new Map();
  const outcomes = new Map<string, Outcome>();
  for (const step of group.steps) {
    const moment = Date.now() / 1000;
    const now = moment.toFixed(3);
    kept.set('now', now).set('soon', (moment + 3).toFixed(3));
    if (!kept.has('began')) kept.set('began', now);
    if (step.mark) kept.set(step.mark, now);
    const outcome: Outcome = await take(step, group.name, subject, kept).catch((error: Error) => ({
      failed: error.message,
    }));
    // what only prepares is heard of when it fails
    if (step.quiet && !outcome.failed) continue;
    const label = labelOf(step);
    if (outcomes.has(label)) throw new Error(`${group.name} has two steps "${label}"`);
    outcomes.set(label, outcome);
  }
  return outcomes;
}
