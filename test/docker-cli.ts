import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { patience } from './wait-until.ts';

/** How one call of a program ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface DockerOptions {
  /** Written to standard input, which is then closed. Left out: standard input is empty. */
  input?: string | Uint8Array;
  /** Exit code that the call must have; a number, or 'any'. Default 0. */
  exits?: number | 'any';
  cwd?: string;
}

/** The stock docker CLI, one engine, a configuration folder of its own. */
export interface DockerCli {
  (...args: string[]): Promise<string>;
  /** As the plain call, with everything it said. @throws Error when the exit code is not the expected one. */
  run(args: readonly string[], options?: DockerOptions): Promise<Ended>;
  /** Standard error of a call that must fail with this exit code. */
  fails(exitCode: number, ...args: string[]): Promise<string>;
  /**
   * A call that goes on while the test does something else; ends by its standard input, a signal, or the
   * engine. `boundMs` against hangs, 0: none, for what goes on as long as its caller.
   */
  start(args: readonly string[], options?: { boundMs?: number }): Going;
}

/** A program that still runs. */
export interface Going {
  readonly child: ChildProcessWithoutNullStreams;
  /** Standard output so far. */
  said(): string;
  readonly ended: Promise<Ended>;
}

/** `boundMs` against hangs: the program is killed then, and its exit code is null. */
function begin(
  program: string,
  args: readonly string[],
  { boundMs = 120_000, ...options }: { env: NodeJS.ProcessEnv; cwd?: string; boundMs?: number },
): Going {
  const child = spawn(program, args, { ...options, stdio: 'pipe', timeout: boundMs * patience, killSignal: 'SIGKILL' });
  const heard = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (words: string) => {
      heard[name] += words;
    });
  // a program that ends without reading its input is no failure of ours
  child.stdin.on('error', () => {});
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...heard }));
  });
  return { child, said: () => heard.stdout, ended };
}

/** Runs a program to its end. */
export function runToEnd(
  program: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; input?: string | Uint8Array; boundMs?: number } = {},
): Promise<Ended> {
  const { input = '', ...rest } = options;
  const { child, ended } = begin(program, args, { env: process.env, ...rest });
  child.stdin.end(input);
  return ended;
}

/**
 * A docker CLI for the engine at `host` (`unix:///…`), with `configFolder` instead of the user's `~/.docker`. It builds with the
 * classic builder, unless `env` says otherwise.
 */
export function dockerCli(
  host: string,
  configFolder: string,
  {
    program = process.env.BELUGA_DOCKER_CLI ?? 'docker',
    env: more = { DOCKER_BUILDKIT: '0' },
  }: { program?: string; env?: NodeJS.ProcessEnv } = {},
): DockerCli {
  const { DOCKER_CONTEXT: _context, DOCKER_API_VERSION: _version, ...inherited } = process.env;
  const env = { ...inherited, DOCKER_HOST: host, DOCKER_CONFIG: configFolder, DOCKER_CLI_HINTS: 'false', ...more };

  const run = async (args: readonly string[], options: DockerOptions = {}): Promise<Ended> => {
    const { exits: expected = 0, ...rest } = options;
    const ended = await runToEnd(program, args, { ...rest, env });
    if (expected !== 'any' && ended.code !== expected) {
      throw new Error(
        `docker ${args.join(' ')} ended with ${ended.code}, not ${expected}\n${ended.stdout}\n${ended.stderr}`,
      );
    }
    return ended;
  };
  const call = async (...args: string[]) => (await run(args)).stdout.trimEnd();
  return Object.assign(call, {
    run,
    fails: async (exitCode: number, ...args: string[]) => (await run(args, { exits: exitCode })).stderr.trim(),
    start: (args: readonly string[], options = {}) => begin(program, args, { env, ...options }),
  });
}
