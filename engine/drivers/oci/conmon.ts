import type { Socket } from 'node:net';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { closeDescriptor } from '../../base/libc.ts';
import { makePipe } from '../../base/libc-socket.ts';
import { spawnProgram } from '../../base/libc-spawn.ts';
import { pipeReader, pipeWriter } from './exec-stream.ts';
import type { Bundle } from './runtime.ts';
import { globalArguments, type RuntimeProgram, stateDirectory } from './runtime-program.ts';

/** conmon(8), one per container: it makes the container, holds its streams, writes the log and the exit file. */
export interface ConmonCall {
  /** Absolute path of conmon. */
  conmon: string;
  program: RuntimeProgram;
  runRoot: string;
  exitDirectory: string;
  bundle: Bundle;
  timeoutMilliseconds: number;
}

function conmonArguments({ program, runRoot, exitDirectory, bundle }: ConmonCall): string[] {
  const runtimeArguments = globalArguments(program, stateDirectory(runRoot, program));
  const { terminal } = bundle.spec.process;
  return [
    ...['--api-version', '1', '-c', bundle.id, '-u', bundle.id, '-n', bundle.name, '-r', program.file],
    ...runtimeArguments.flatMap((argument) => ['--runtime-arg', argument]),
    ...['-b', bundle.directory, '-p', path.join(bundle.directory, 'pid')],
    ...['-P', path.join(bundle.directory, 'conmon.pid')],
    ...['-l', bundle.logPath === undefined ? 'none' : `k8s-file:${bundle.logPath}`],
    ...['--exit-dir', exitDirectory, '--persist-dir', path.join(bundle.directory, 'persist')],
    ...['--full-attach', '--log-level', 'error', '--no-sync-log'],
    ...(terminal ? ['-t'] : []),
    ...(bundle.openStdin ? ['-i'] : []),
    // only then may a client's leaving, or the engine's, close the container's stdin
    ...(bundle.openStdin && bundle.stdinOnce && !terminal ? [] : ['--leave-stdin-open']),
  ];
}

/** What conmon says on the sync pipe: the container's pid, or the runtime's words. */
interface SyncMessage {
  data: number;
  message?: string;
}

function parseSync(line: string): SyncMessage {
  try {
    return JSON.parse(line) as SyncMessage;
  } catch {
    return { data: -1, message: line };
  }
}

/** Resolves to the first line of the sync pipe; rejects when conmon ends without one. */
function firstMessage({ sync, stderr }: Pipes): Promise<SyncMessage> {
  let heard = '';
  let complaint = '';
  stderr.on('data', (data) => {
    complaint = (complaint + String(data)).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    sync.on('data', (data) => {
      heard += String(data);
      const end = heard.indexOf('\n');
      if (end >= 0) resolve(parseSync(heard.slice(0, end)));
    });
    sync.once('close', () => {
      if (heard) resolve(parseSync(heard));
      else reject(new EngineError('internal', `conmon ended without making the container: ${complaint.trim()}`));
    });
    sync.once('error', reject);
  });
}

/** Our ends of conmon's pipes. */
interface Pipes {
  stderr: Socket;
  sync: Socket;
  start: Socket;
}

function startConmon(call: ConmonCall): Pipes {
  const [stderr, sync, start] = [makePipe(), makePipe(), makePipe()];
  const ours: Pipes = { stderr: pipeReader(stderr.read), sync: pipeReader(sync.read), start: pipeWriter(start.write) };
  for (const pipe of Object.values(ours)) pipe.on('error', () => {});
  try {
    spawnProgram({
      file: call.conmon,
      args: conmonArguments(call),
      cwd: call.bundle.directory,
      env: {
        _OCI_SYNCPIPE: '3',
        _OCI_STARTPIPE: '4',
        PATH: process.env.PATH,
        TZ: 'UTC',
        XDG_RUNTIME_DIR: call.runRoot,
      },
      descriptors: ['ignore', 'ignore', stderr.write, sync.write, start.read],
    });
    return ours;
  } catch (error) {
    for (const pipe of Object.values(ours)) pipe.destroy();
    throw error;
  } finally {
    for (const descriptor of [stderr.write, sync.write, start.read]) closeDescriptor(descriptor);
  }
}

/**
 * Makes a container by a conmon that leaves our session and lives on without us. Resolves to the container's pid, or to
 * the runtime's words when it could not.
 */
export async function spawnConmon(call: ConmonCall): Promise<{ pid: number } | { failure: string }> {
  const pipes = startConmon(call);
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      const text = `conmon did not make the container within ${call.timeoutMilliseconds / 1000} s`;
      timer = setTimeout(() => reject(new EngineError('internal', text)), call.timeoutMilliseconds);
    });
    const answer = firstMessage(pipes);
    pipes.start.end('\n');
    const { data, message } = await Promise.race([answer, late]);
    return data > 0 ? { pid: data } : { failure: message ?? 'the runtime gave no reason' };
  } finally {
    clearTimeout(timer);
    for (const pipe of Object.values(pipes)) pipe.destroy();
  }
}
