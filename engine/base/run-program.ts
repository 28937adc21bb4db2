import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { EngineError } from './errors.ts';
import { missingProgram, requireProgram } from './program-file.ts';

export interface RunProgramOptions {
  /** After this many milliseconds the program is killed and the run fails; 60,000 when absent. */
  timeoutMilliseconds?: number;
  /** Given to the program's stdin, then EOF; without it stdin is /dev/null. */
  input?: string | Uint8Array;
  cwd?: string;
  /** The whole environment; that of this process when absent. */
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  /** Exit codes that are no failure; 0 when absent. */
  acceptedExitCodes?: readonly number[];
  /** Bytes kept of stdout and of stderr each; what is more is read and dropped. 1 MiB when absent. */
  maximumOutput?: number;
}

export interface ProgramResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

interface Capture {
  text(): string;
}

function capture(stream: NodeJS.ReadableStream | null, maximum: number): Capture {
  const pieces: Buffer[] = [];
  let kept = 0;
  stream?.on('data', (data: Buffer) => {
    if (kept >= maximum) return;
    const piece = data.subarray(0, maximum - kept);
    kept += piece.length;
    pieces.push(piece);
  });
  return { text: () => Buffer.concat(pieces).toString('utf8') };
}

/** How a program ended: code, signal, or the error of starting it. */
function ending(child: ChildProcess): Promise<{ code: number | null; signal: string | null; error?: Error }> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function failure(program: string, what: string, stderr: string): EngineError {
  const said = stderr.trim().slice(-2000);
  return new EngineError('internal', `${program} ${what}${said ? `: ${said}` : ''}`, {
    reason: 'program.failed',
    params: { program, detail: said || what },
  });
}

function startFailure(name: string, error: Error): EngineError {
  if ('code' in error && error.code === 'ENOENT') return missingProgram(name);
  return failure(path.basename(name), `could not be started: ${error.message}`, '');
}

/**
 * Runs a program to its end; never through a shell.
 * @param name a program on PATH, or an absolute path.
 * @throws EngineError `unavailable` (`program.missing`, which names the package), `cancelled` when aborted,
 *   `internal` (`program.failed`) with what it wrote to stderr.
 */
export async function runProgram(
  name: string,
  args: readonly string[],
  options: RunProgramOptions = {},
): Promise<ProgramResult> {
  options.signal?.throwIfAborted();
  const file = requireProgram(name);
  const program = path.basename(file);
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const maximum = options.maximumOutput ?? 1024 * 1024;
  const stdout = capture(child.stdout, maximum);
  const stderr = capture(child.stderr, maximum);
  // a program that does not read its input to the end is not a failure of ours
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input);

  const milliseconds = options.timeoutMilliseconds ?? 60_000;
  let stopped: 'timeout' | 'aborted' | undefined;
  const stop = (why: 'timeout' | 'aborted') => {
    stopped ??= why;
    child.kill('SIGKILL');
    // a grandchild may hold the pipes open: do not wait for it
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  const timer = setTimeout(stop, milliseconds, 'timeout');
  const abort = () => stop('aborted');
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const end = await ending(child);
    if (stopped === 'aborted') throw new EngineError('cancelled', `${program} was cancelled`);
    if (stopped === 'timeout') throw failure(program, `did not end within ${milliseconds / 1000} s`, stderr.text());
    if (end.error) throw startFailure(name, end.error);
    if (end.code === null) throw failure(program, `was killed by ${end.signal}`, stderr.text());
    if (!(options.acceptedExitCodes ?? [0]).includes(end.code)) {
      throw failure(program, `failed with exit code ${end.code}`, stderr.text());
    }
    return { exitCode: end.code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
  }
}
