import { randomBytes } from 'node:crypto';
import { createChannel } from '../../base/channel.ts';
import { EngineError, toEngineError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { endLostExecs } from '../../drivers/oci/exec-directory.ts';
import type { ExecProcess, ExecRequest, OutputChunk, ProcessStream } from '../../drivers/oci/runtime.ts';
import type { SpecHost } from '../../drivers/oci/spec-host.ts';
import { lookUpUser } from '../../drivers/oci/user-lookup.ts';
import type {
  CreateExec,
  ExecContainer,
  ExecContainers,
  ExecDetails,
  ExecService,
  StartedExec,
  TerminalSize,
} from './exec-service.ts';

export interface ExecServiceDependencies {
  containers: ExecContainers;
  runRoot: string;
  /** Asked for privileged execs. */
  specHost(): Pick<SpecHost, 'capabilities'>;
  log: Log;
  /** How long an exec that has ended can be asked about; 300,000 when absent. */
  keepMilliseconds?: number;
}

interface ExecRecord {
  readonly id: string;
  readonly containerId: string;
  readonly request: CreateExec;
  state: 'created' | 'starting' | 'running' | 'ended';
  size: TerminalSize | undefined;
  exitCode: number | undefined;
  process: ExecProcess | undefined;
  /** Milliseconds since the engine's start. */
  endedAt: number;
}

const live = new Set(['running', 'paused']);
const notFound = 127;
const notStarted = 126;

/** Docker reads the code from the runtime's words (moby, `setExitCodeFromError`). */
function exitCodeOf(error: EngineError): number {
  const missing = error.reason === 'container.command-not-found' || /no such file or directory/i.test(error.message);
  return missing ? notFound : notStarted;
}

/** @param asked how the request names it */
function checkRunning({ id, name, state }: ExecContainer, asked = id): void {
  if (state === 'restarting') {
    throw new EngineError('conflict', `Container ${id} is restarting, wait until the container is running`, {
      reason: 'container.restarting',
      params: { name },
    });
  }
  if (state === 'paused') {
    throw new EngineError('conflict', `Container ${asked} is paused, unpause the container before exec`);
  }
  if (state === 'running') return;
  throw new EngineError('conflict', `container ${id} is not running`, {
    reason: 'container.not-running',
    params: { name },
  });
}

function endedStream(): ProcessStream {
  const output = createChannel<OutputChunk>();
  output.end();
  return { output, write: async () => {}, closeInput: async () => {}, close: async () => {} };
}

function detailsOf({ id, containerId, request, state, exitCode, process, size }: ExecRecord): ExecDetails {
  const running = state === 'running' || state === 'starting';
  return {
    ...request,
    id,
    containerId,
    running,
    ...(exitCode !== undefined && { exitCode }),
    ...(size && { size }),
    pid: process?.pid ?? 0,
  };
}

/** Execs by the runtimes of their containers. What the engine before this one left is ended. */
export function openExecService(dependencies: ExecServiceDependencies): ExecService {
  const { containers, runRoot, log } = dependencies;
  const lost = endLostExecs(runRoot);
  if (lost > 0) log.info('execs whose clients were lost with the engine before this one are ended', { count: lost });
  const execs = new Map<string, ExecRecord>();
  const get = (id: string): ExecRecord => {
    const exec = execs.get(id);
    if (exec) return exec;
    throw new EngineError('not-found', `No such exec instance: ${id}`, { reason: 'exec.not-found', params: { id } });
  };
  return {
    async create(name, request) {
      forgetOld(dependencies, execs);
      if (!request.command.some(Boolean)) throw new EngineError('invalid', 'No exec command specified');
      const container = containers.find(name);
      checkRunning(container, name);
      if (request.hangUp && !(request.terminal && request.attachStdin)) {
        throw new EngineError('invalid', 'only a terminal with its input attached can be hung up on');
      }
      const exec: ExecRecord = {
        id: randomBytes(32).toString('hex'),
        containerId: container.id,
        request,
        state: 'created',
        size: request.size,
        exitCode: undefined,
        process: undefined,
        endedAt: 0,
      };
      container.runtime().prepare();
      execs.set(exec.id, exec);
      tell(dependencies, exec, `exec_create: ${wordsOf(request)}`);
      return { id: exec.id };
    },
    start: (id, options) => start(dependencies, get(id), options),
    inspect: (id) => detailsOf(get(id)),
    resize(id, size) {
      const exec = get(id);
      if (exec.state === 'ended') throw new EngineError('conflict', `exec command ${id} has ended`);
      exec.size = size;
      exec.process?.resize(size);
    },
    idsOf: (containerId) => {
      const open = [...execs.values()].filter((exec) => exec.containerId === containerId && exec.state !== 'ended');
      return open.map(({ id }) => id);
    },
  };
}

function tell(
  { containers }: ExecServiceDependencies,
  { containerId, id }: ExecRecord,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  containers.tell(containerId, action, { execID: id, ...attributes });
}

/** moby's: program, space, arguments. */
function wordsOf({ command: [program = '', ...args] }: CreateExec): string {
  return `${program} ${args.join(' ')}`;
}

function end(exec: ExecRecord, exitCode: number): void {
  exec.state = 'ended';
  exec.exitCode = exitCode;
  exec.endedAt = performance.now();
}

function forgetOld(
  { containers, keepMilliseconds = 300_000 }: ExecServiceDependencies,
  execs: Map<string, ExecRecord>,
) {
  const now = performance.now();
  for (const [id, { state, endedAt, containerId }] of execs) {
    const old = state === 'ended' && now - endedAt > keepMilliseconds;
    if (old || (state === 'created' && !isLive(containers, containerId))) execs.delete(id);
  }
}

async function start(
  dependencies: ExecServiceDependencies,
  exec: ExecRecord,
  { detach, size }: { detach: boolean; size?: TerminalSize },
): Promise<StartedExec> {
  const { containers, log } = dependencies;
  const { id, request } = exec;
  if (exec.state === 'ended') throw new EngineError('conflict', `Error: Exec command ${id} has already run`);
  if (exec.state !== 'created') throw new EngineError('conflict', `Error: Exec command ${id} is already running`);
  const container = containers.find(exec.containerId);
  checkRunning(container);
  exec.size = size ?? exec.size;
  const firstSize = exec.size;
  exec.state = 'starting';
  // told also where it then cannot be started, as in Docker
  tell(dependencies, exec, `exec_start: ${wordsOf(request)}`);
  try {
    exec.process = await container.runtime().exec(runtimeRequest(dependencies, { exec, container, detach }));
  } catch (error) {
    const failure = await explain(dependencies, exec, error);
    end(exec, exitCodeOf(failure));
    if (detach) throw failure;
    return started(exec, { stream: endedStream(), failure, detached: () => {} });
  }
  const { stream, ended } = exec.process;
  exec.state = 'running';
  if (exec.size && exec.size !== firstSize) exec.process.resize(exec.size);
  void ended
    .then((exitCode) => {
      end(exec, exitCode);
      tell(dependencies, exec, 'exec_die', { exitCode: String(exitCode) });
    })
    .catch((error) => log.error('the end of an exec could not be told', { id, error }));
  if (detach) await stream.close();
  const given = request.hangUp ? hungUpOn(exec.process) : stream;
  return started(exec, { stream: given, failure: undefined, detached: () => tell(dependencies, exec, 'exec_detach') });
}

function started(
  { request: { terminal, attachStdin, detachKeys, hangUp = false } }: ExecRecord,
  rest: Pick<StartedExec, 'stream' | 'failure' | 'detached'>,
): StartedExec {
  return { terminal, stdin: attachStdin, hangUp, detachKeys, ...rest };
}

function hungUpOn({ stream, hangUp }: ExecProcess): ProcessStream {
  return {
    ...stream,
    closeInput: async () => hangUp(),
    close: async () => {
      hangUp();
      await stream.close();
    },
  };
}

function isLive(containers: ExecContainers, id: string): boolean {
  try {
    return live.has(containers.find(id).state);
  } catch {
    return false;
  }
}

/** A container that ended meanwhile is why nothing can be started in it, whatever the runtime says. */
async function explain(
  { containers }: ExecServiceDependencies,
  exec: ExecRecord,
  cause: unknown,
): Promise<EngineError> {
  const error = toEngineError(cause);
  if (error.code !== 'internal') return error;
  try {
    const container = containers.find(exec.containerId);
    checkRunning(container);
    if ((await container.runtime().state(container.id)) === 'stopped') checkRunning({ ...container, state: 'exited' });
    return error;
  } catch (found) {
    return toEngineError(found);
  }
}

function runtimeRequest(
  { specHost }: ExecServiceDependencies,
  { exec, container, detach }: { exec: ExecRecord; container: ExecContainer; detach: boolean },
): ExecRequest {
  const { request, id: execId, size } = exec;
  const { attachStdin: stdin, attachStdout: stdout, attachStderr: stderr } = request;
  return {
    id: container.id,
    execId,
    args: request.command,
    environment: container.environmentWith(request.environment),
    workingDirectory: request.workingDirectory || container.workingDirectory,
    // the files as the process will see them, also those of mounts
    ...(request.user && { user: lookUpUser(`/proc/${container.pid}/root`, request.user, container.groupsAdd) }),
    ...(request.privileged && { capabilities: specHost().capabilities }),
    terminal: request.terminal,
    ...(size && { size }),
    streams: detach ? { stdin: false, stdout: false, stderr: false } : { stdin, stdout, stderr },
    detached: detach,
  };
}
