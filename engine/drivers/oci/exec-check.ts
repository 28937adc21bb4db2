import { existsSync, fchownSync, rmSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { closeDescriptor } from '../../base/libc.ts';
import { makePipe } from '../../base/libc-socket.ts';
import { type SpawnedProgram, spawnProgram } from '../../base/libc-spawn.ts';
import { identifyProcess, signalIdentity } from '../../base/process-identity.ts';
import { execError } from './create-errors.ts';
import { execDirectory, pidFile, processFile, readExecPid } from './exec-directory.ts';
import { complaint, logFile, writeRequest } from './exec-start.ts';
import { pipeReader } from './exec-stream.ts';
import type { ExecRequest } from './runtime.ts';
import { globalArguments, type RuntimeProgram, stateDirectory } from './runtime-program.ts';

/** What is run again and again in one run of a container. */
export type CheckRequest = Pick<ExecRequest, 'id' | 'execId' | 'args' | 'environment' | 'workingDirectory'>;

export interface CheckResult {
  /** Undefined when it was killed for its time. */
  exitCode: number | undefined;
  /** The first `keptBytes` of both streams as they came. */
  output: string;
  truncated: boolean;
}

/** A process that is made ready once and run often. */
export interface CheckProcess {
  /**
   * Kills it after `timeoutMilliseconds`.
   * @throws EngineError when it could not be started
   */
  run(timeoutMilliseconds: number): Promise<CheckResult>;
  /** Kills what runs, and forgets it. */
  close(): void;
}

/** Runs checks in containers: `<runtime> exec` with one pipe for both streams, no monitor, nothing to look up. */
export interface CheckRunner {
  open(request: CheckRequest): CheckProcess;
}

const keptBytes = 4096;
/** For what the process has left in the pipe, while a child of it still holds it. */
const graceMilliseconds = 2000;
const sigkill = 9;

export function createCheckRunner(dependencies: { runRoot: string; program: RuntimeProgram }): CheckRunner {
  return { open: (request) => openCheck(dependencies, request) };
}

interface Site {
  runRoot: string;
  program: RuntimeProgram;
  directory: string;
  request: CheckRequest;
  /** Of its pipe. */
  owner?: ReturnType<typeof writeRequest>;
}

function openCheck(
  { runRoot, program }: { runRoot: string; program: RuntimeProgram },
  request: CheckRequest,
): CheckProcess {
  const directory = execDirectory(runRoot, request.execId);
  const site: Site = { runRoot, program, directory, request };
  let kill: (() => void) | undefined;
  let closed = false;
  const clear = () => rmSync(directory, { recursive: true, force: true });
  return {
    async run(timeoutMilliseconds) {
      if (closed) throw new EngineError('cancelled', 'the check was closed');
      prepare(site);
      const child = spawnCheck(site);
      kill = () => killCheck(directory, child.program);
      try {
        return await outcome(site, child, timeoutMilliseconds);
      } finally {
        kill = undefined;
        if (closed) clear();
      }
    },
    close() {
      closed = true;
      if (kill) kill();
      else clear();
    },
  };
}

/** What is the same each time is written once. */
function prepare(site: Site): void {
  const { runRoot, directory, request } = site;
  if (existsSync(directory)) {
    for (const name of [pidFile, logFile]) rmSync(path.join(directory, name), { force: true });
    return;
  }
  const streams = { stdin: false, stdout: true, stderr: true };
  site.owner = writeRequest(runRoot, { ...request, terminal: false, streams, detached: false }, directory);
}

interface Child {
  program: SpawnedProgram;
  /** Ours. */
  output: number;
}

function spawnCheck({ runRoot, program, directory, request, owner }: Site): Child {
  const { read, write } = makePipe();
  if (owner) fchownSync(write, owner.uid, owner.gid);
  const args = [
    ...globalArguments(program, stateDirectory(runRoot, program)),
    ...['--log', path.join(directory, logFile), '--log-format', 'json', 'exec'],
    ...['--pid-file', path.join(directory, pidFile), '--process', path.join(directory, processFile), request.id],
  ];
  const env = { PATH: process.env.PATH, XDG_RUNTIME_DIR: runRoot };
  const descriptors = ['ignore', write, write] as const;
  try {
    return { program: spawnProgram({ file: program.file, args, cwd: directory, env, descriptors }), output: read };
  } catch (error) {
    closeDescriptor(read);
    throw error;
  } finally {
    closeDescriptor(write);
  }
}

/** The process itself; the runtime, its parent, then ends by itself. Before there is one, the runtime. */
function killCheck(directory: string, runtime: SpawnedProgram): void {
  const pid = readExecPid(directory);
  const process = pid === undefined ? undefined : identifyProcess(pid);
  if (!process || !signalIdentity(process, sigkill)) runtime.kill('SIGKILL');
}

async function outcome(site: Site, child: Child, timeoutMilliseconds: number): Promise<CheckResult> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const socket = pipeReader(child.output);
  const read = new Promise<void>((resolve) => {
    socket.on('data', (data: Buffer) => {
      if (bytes < keptBytes) chunks.push(data.subarray(0, keptBytes - bytes));
      bytes += data.length;
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve());
    socket.once('end', () => socket.destroy());
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killCheck(site.directory, child.program);
  }, timeoutMilliseconds);
  const exitCode = await child.program.ended.finally(() => clearTimeout(timer));
  const grace = setTimeout(() => socket.destroy(), late ? 0 : graceMilliseconds);
  await read.finally(() => clearTimeout(grace));
  if (exitCode !== 0 && !late && readExecPid(site.directory) === undefined) {
    const said = complaint(site.directory) || `the runtime ended with ${exitCode}`;
    throw execError(said, site.request.args[0] ?? '');
  }
  const output = Buffer.concat(chunks).toString();
  return { exitCode: late ? undefined : exitCode, output, truncated: bytes > keptBytes };
}
