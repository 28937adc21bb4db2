import { fchownSync, mkdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { closeDescriptor } from '../../base/libc.ts';
import { adoptDescriptor, makePipe } from '../../base/libc-socket.ts';
import { type SpawnedProgram, spawnProgram } from '../../base/libc-spawn.ts';
import { bundleDirectory } from '../mounts/namespace-record.ts';
import { execError } from './create-errors.ts';
import { detachedFile, execDirectory, pidFile, processFile, readExecPid } from './exec-directory.ts';
import { execProcess } from './exec-process.ts';
import { createExecStream, type ExecEnds, pipeReader, pipeWriter } from './exec-stream.ts';
import { type ExecTerminal, openExecTerminal } from './exec-terminal.ts';
import type { OciSpec } from './oci-spec.ts';
import type { ExecProcess, ExecRequest } from './runtime.ts';
import { globalArguments, type RuntimeProgram, stateDirectory } from './runtime-program.ts';
import { specText } from './spec-builder.ts';
import { streamOwner } from './stream-owner.ts';

export interface ExecDependencies {
  runRoot: string;
  program: RuntimeProgram;
  /** Longest that the start of a process may take. */
  timeoutMilliseconds: number;
}

/** The runtime's streams, and what the engine keeps of them once the process runs. */
interface Plumbing {
  stdio: ('ignore' | number)[];
  arguments: readonly string[];
  terminal: ExecTerminal | undefined;
  /** After the runtime has its copies. */
  closeTheirs(): void;
  ends(): ExecEnds;
  /** When the process never ran. */
  closeOurs(): void;
}

/** The runtime’s words, in the directory of an exec. */
export const logFile = 'log';

function pipes({ streams }: ExecRequest, owner: ReturnType<typeof streamOwner>): Plumbing {
  const theirs: number[] = [];
  const ours: number[] = [];
  const stdio: ('ignore' | number)[] = ['ignore', 'ignore', 'ignore'];
  const connect = (index: number) => {
    const { read, write } = makePipe();
    const [their, our] = index === 0 ? [read, write] : [write, read];
    theirs.push(their);
    if (owner) fchownSync(their, owner.uid, owner.gid);
    ours.push(our);
    stdio[index] = their;
    return our;
  };
  const input = streams.stdin ? connect(0) : undefined;
  const stdout = streams.stdout ? connect(1) : undefined;
  const stderr = streams.stderr ? connect(2) : undefined;
  return {
    stdio,
    arguments: [],
    terminal: undefined,
    closeTheirs: () => theirs.splice(0).forEach((descriptor) => void closeDescriptor(descriptor)),
    closeOurs: () => ours.splice(0).forEach((descriptor) => void closeDescriptor(descriptor)),
    ends: () => ({
      input: input === undefined ? undefined : pipeWriter(input),
      outputs: [
        ...(stdout === undefined ? [] : [{ socket: pipeReader(stdout), stream: 'stdout' as const }]),
        ...(stderr === undefined ? [] : [{ socket: pipeReader(stderr), stream: 'stderr' as const }]),
      ],
      terminal: false,
    }),
  };
}

function terminalPlumbing(program: RuntimeProgram, directory: string, request: ExecRequest): Plumbing {
  const terminal = openExecTerminal(program, directory, request.size);
  return {
    stdio: [terminal.stdio, terminal.stdio, terminal.stdio],
    arguments: terminal.arguments,
    terminal,
    closeTheirs() {},
    closeOurs: () => terminal.close(),
    ends: () => {
      const socket = adoptDescriptor(terminal.take());
      const { stdin } = request.streams;
      return { input: stdin ? socket : undefined, outputs: [{ socket, stream: 'stdout' }], terminal: true };
    },
  };
}

/** The runtime's error lines. */
export function complaint(directory: string): string {
  let lines: string[];
  try {
    lines = readFileSync(path.join(directory, logFile), 'utf8').trim().split('\n');
  } catch {
    return '';
  }
  const messages = lines.map((line) => {
    try {
      const { level, msg } = JSON.parse(line) as { level?: string; msg?: string };
      return level === 'error' || level === 'fatal' ? msg : undefined;
    } catch {
      return line;
    }
  });
  return messages.filter(Boolean).join('; ');
}

/** Resolves once the runtime has written the pid file, to its content. @throws EngineError when it ended without. */
async function started(
  directory: string,
  {
    ended,
    request,
    timeoutMilliseconds,
  }: { ended: Promise<number>; request: ExecRequest; timeoutMilliseconds: number },
): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const arrived = Promise.withResolvers<number>();
  const look = () => {
    const pid = readExecPid(directory);
    if (pid !== undefined) arrived.resolve(pid);
  };
  const watcher = watch(directory, { persistent: false }, look);
  watcher.on('error', arrived.reject);
  look();
  const over = ended.then((code) => {
    // its end may be seen before the file is
    look();
    const said = complaint(directory) || `the runtime ended with ${code}`;
    arrived.reject(execError(said, request.args[0] ?? ''));
  });
  const seconds = timeoutMilliseconds / 1000;
  timer = setTimeout(
    () => arrived.reject(new EngineError('internal', `the process did not start within ${seconds} s`)),
    timeoutMilliseconds,
  );
  try {
    return await arrived.promise;
  } finally {
    clearTimeout(timer);
    watcher.close();
    void over;
  }
}

function spawnRuntime(
  { runRoot, program }: ExecDependencies,
  request: ExecRequest,
  { directory, plumbing }: { directory: string; plumbing: Plumbing },
): SpawnedProgram {
  const args = [
    ...globalArguments(program, stateDirectory(runRoot, program)),
    ...['--log', path.join(directory, logFile), '--log-format', 'json', 'exec', ...plumbing.arguments],
    ...['--pid-file', path.join(directory, pidFile), '--process', path.join(directory, processFile), request.id],
  ];
  const env = { PATH: process.env.PATH, XDG_RUNTIME_DIR: runRoot };
  // a session of its own: a Ctrl-C at the engine's terminal is none of its business
  return spawnProgram({ file: program.file, args, cwd: directory, env, descriptors: plumbing.stdio });
}

/**
 * A few small files in memory, so at once: a thread for each would take longer than the writing.
 * @returns who is to own its pipes
 */
export function writeRequest(runRoot: string, request: ExecRequest, directory: string): ReturnType<typeof streamOwner> {
  const config = readFileSync(path.join(bundleDirectory(runRoot, request.id), 'config.json'), 'utf8');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const spec = JSON.parse(config) as OciSpec;
  const process = execProcess(spec, request);
  writeFileSync(path.join(directory, processFile), specText(process), { mode: 0o600 });
  if (request.detached && !request.terminal) writeFileSync(path.join(directory, detachedFile), '');
  return streamOwner(spec.linux, process.user);
}

/** Starts a process in a running container by `<runtime> exec`, which stays as its parent and tells its exit code. */
export async function startExec(dependencies: ExecDependencies, request: ExecRequest): Promise<ExecProcess> {
  const { runRoot, program, timeoutMilliseconds } = dependencies;
  const directory = execDirectory(runRoot, request.execId);
  const clear = () => rmSync(directory, { recursive: true, force: true });
  let plumbing: Plumbing | undefined;
  let child: SpawnedProgram | undefined;
  try {
    const owner = writeRequest(runRoot, request, directory);
    plumbing = request.terminal ? terminalPlumbing(program, directory, request) : pipes(request, owner);
    child = spawnRuntime(dependencies, request, { directory, plumbing });
    plumbing.closeTheirs();
    const { ended } = child;
    const pid = await started(directory, { ended, request, timeoutMilliseconds });
    return running({ pid, child, ended, plumbing, clear });
  } catch (error) {
    child?.kill('SIGKILL');
    plumbing?.closeTheirs();
    plumbing?.closeOurs();
    clear();
    throw error;
  }
}

interface Started {
  pid: number;
  child: SpawnedProgram;
  ended: Promise<number>;
  plumbing: Plumbing;
  clear(): void;
}

function running({ pid, child, ended, plumbing, clear }: Started): ExecProcess {
  const execStream = createExecStream(plumbing.ends());
  const { stream, release, closed } = execStream;
  const { terminal } = plumbing;
  const over = ended.then((code) => {
    // after what is still in the pipes
    setImmediate(() => {
      release();
      tidy(clear);
    });
    return code;
  });
  void closed.then(() => terminal?.close());
  return {
    pid,
    stream,
    ended: over,
    resize: (size) => terminal?.resize(size, child),
    hangUp: () => terminal?.hangUp({ stream: execStream, runtime: child }),
  };
}

/** What cannot be taken away now is by the next start of the engine. */
function tidy(clear: () => void): void {
  try {
    clear();
  } catch {}
}
