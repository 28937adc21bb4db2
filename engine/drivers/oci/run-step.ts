import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { closeDescriptor } from '../../base/libc.ts';
import { makePipe } from '../../base/libc-socket.ts';
import { spawnProgram } from '../../base/libc-spawn.ts';
import { runProgram } from '../../base/run-program.ts';
import { expectMove } from './cgroups/expect-move.ts';
import type { Cgroups } from './cgroups.ts';
import { createError } from './create-errors.ts';
import { pipeReader } from './exec-stream.ts';
import type { OciSpec } from './oci-spec.ts';
import type { OutputChunk } from './runtime.ts';
import { globalArguments, type RuntimeProgram, stateDirectory } from './runtime-program.ts';
import { specText } from './spec-builder.ts';

/** A process in a root filesystem, from its start to its end. */
export interface Step {
  /** Name of its container at the runtime; of no other one. */
  id: string;
  /** For the bundle; it is the step's own. */
  directory: string;
  /** Where the runtime keeps its state of it; with that of the containers when absent. */
  stateDirectory?: string;
  spec: OciSpec;
  output(chunk: OutputChunk): void;
  signal: AbortSignal;
}

/** Runs steps by `<runtime> run`, as a child on pipes, without a monitor: they end with the engine's interest in them. */
export interface StepRunner {
  readonly name: string;
  /** A step comes soon: what the kernel needs time for begins. */
  prepare(): void;
  /**
   * Resolves to the exit code once every process of the step is gone.
   * @throws EngineError `cancelled`; `invalid` where the program cannot be run; nothing stays behind
   */
  run(step: Step): Promise<number>;
}

const logName = 'runtime.log';

export function createStepRunner({
  runRoot,
  program,
  cgroups,
}: {
  runRoot: string;
  program: RuntimeProgram;
  cgroups: Cgroups;
}): StepRunner {
  const stateOf = (step: Pick<Step, 'stateDirectory'>) => step.stateDirectory ?? stateDirectory(runRoot, program);
  return {
    name: program.name,
    prepare: () => void expectMove(),
    async run(step) {
      step.signal.throwIfAborted();
      mkdirSync(stateOf(step), { recursive: true, mode: 0o700 });
      mkdirSync(step.directory, { recursive: true, mode: 0o700 });
      writeFileSync(path.join(step.directory, 'config.json'), specText(step.spec), { mode: 0o600 });
      try {
        return await cgroups.making(() => runBundle({ runRoot, program, state: stateOf(step) }, step));
      } finally {
        // `run` takes its container away itself, unless it was killed
        if (existsSync(path.join(stateOf(step), step.id)))
          await callRuntime({ program, state: stateOf(step) }, ['delete', '--force', step.id]);
        cgroups.remove(step.spec.linux.cgroupsPath);
        rmSync(step.directory, { recursive: true, force: true });
      }
    },
  };
}

interface Called {
  program: RuntimeProgram;
  state: string;
}

/** Of what may be gone already. */
const callRuntime = ({ program, state }: Called, command: readonly string[]) =>
  runProgram(program.file, [...globalArguments(program, state), ...command], { acceptedExitCodes: [0, 1] });

async function runBundle({ runRoot, program, state }: Called & { runRoot: string }, step: Step) {
  const pipes = { stdout: makePipe(), stderr: makePipe() };
  const log = path.join(step.directory, logName);
  const args = [
    ...globalArguments(program, state),
    ...['--log', log, '--log-format', 'json', 'run', '--bundle', step.directory, step.id],
  ];
  const env = { PATH: process.env.PATH, XDG_RUNTIME_DIR: runRoot };
  const descriptors = ['ignore', pipes.stdout.write, pipes.stderr.write] as const;
  try {
    const child = spawnProgram({ file: program.file, args, cwd: step.directory, env, descriptors });
    closeDescriptor(pipes.stdout.write);
    closeDescriptor(pipes.stderr.write);
    const read = Promise.all([readAll(pipes.stdout.read, 'stdout', step), readAll(pipes.stderr.read, 'stderr', step)]);
    const kill = () => {
      void callRuntime({ program, state }, ['kill', step.id, 'KILL']).finally(() => child.kill('SIGKILL'));
    };
    step.signal.addEventListener('abort', kill, { once: true });
    try {
      const exitCode = await child.ended;
      await read;
      step.signal.throwIfAborted();
      const said = complaint(log);
      if (exitCode !== 0 && said !== '') throw createError(said, step.spec.process.args[0] ?? '');
      return exitCode;
    } finally {
      step.signal.removeEventListener('abort', kill);
    }
  } catch (error) {
    if (step.signal.aborted) throw new EngineError('cancelled', 'the build was cancelled');
    throw error;
  }
}

function readAll(descriptor: number, stream: OutputChunk['stream'], { output }: Step): Promise<void> {
  const socket = pipeReader(descriptor);
  return new Promise((resolve) => {
    socket.on('data', (data: Buffer) => output({ stream, data }));
    socket.on('error', () => {});
    socket.once('end', () => socket.destroy());
    socket.once('close', () => resolve());
  });
}

/** The last failure that the runtime wrote down; empty when there is none. */
function complaint(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return '';
  }
  for (const line of text.trimEnd().split('\n').reverse()) {
    try {
      const { level, msg } = JSON.parse(line) as { level?: string; msg?: string };
      if (level === 'error' && msg) return msg;
    } catch {
      // half a line
    }
  }
  return '';
}
