import path from 'node:path';
import { type RunProgramOptions, runProgram } from '../../base/run-program.ts';

/** An OCI runtime's command line: what crun and runc do differently. */
export interface RuntimeProgram {
  readonly name: string;
  /** Whose command line it has; absent = by its name. */
  readonly like?: 'crun' | 'runc';
  /** Absolute path of the program. */
  readonly file: string;
  readonly version: string;
  /** Before every command, by configuration. */
  readonly args?: readonly string[];
}

/** Whether it has crun's command line. */
export const isLikeCrun = ({ name, like = name === 'crun' ? 'crun' : 'runc' }: RuntimeProgram) => like === 'crun';

/** Arguments before the command, for a state directory of ours. The engine writes cgroupfs paths for both. */
export function globalArguments(program: RuntimeProgram, stateDirectory: string): string[] {
  const root = `--root=${stateDirectory}`;
  return [...(program.args ?? []), root, ...(isLikeCrun(program) ? ['--cgroup-manager=cgroupfs'] : [])];
}

/** Where each runtime keeps its containers' states. */
export function stateDirectory(runRoot: string, program: RuntimeProgram): string {
  return path.join(runRoot, program.name);
}

/** Runs one command of the runtime. @throws EngineError `internal` (`program.failed`) with its words. */
export async function runRuntime(
  program: RuntimeProgram,
  runRoot: string,
  command: readonly string[],
  options?: RunProgramOptions,
): Promise<string> {
  const args = [...globalArguments(program, stateDirectory(runRoot, program)), ...command];
  return (await runProgram(program.file, args, options)).stdout;
}
