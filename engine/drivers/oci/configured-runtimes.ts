import { EngineError, messageOf } from '../../base/errors.ts';
import { findProgram } from '../../base/program-file.ts';
import { runProgram } from '../../base/run-program.ts';
import type { RuntimeProgram } from './runtime-program.ts';

/** A further OCI runtime by configuration; dockerd's `runtimes`. */
export interface ConfiguredRuntime {
  name: string;
  /** Of the program, or its name on PATH. */
  path: string;
  /** Before every command. */
  args: readonly string[];
}

export interface FurtherRuntimes {
  programs: readonly RuntimeProgram[];
  /** Those that cannot be used, with the reason. */
  refused: readonly { name: string; why: string }[];
}

/** Looks for each: it has to tell its version, by which crun and its likes are known. */
export async function lookForRuntimes(configured: readonly ConfiguredRuntime[]): Promise<FurtherRuntimes> {
  const programs: RuntimeProgram[] = [];
  const refused: { name: string; why: string }[] = [];
  for (const { name, path, args } of configured) {
    const file = findProgram(path);
    if (file === undefined) {
      refused.push({ name, why: `there is no program ${path}` });
      continue;
    }
    try {
      const { stdout } = await runProgram(file, ['--version'], { timeoutMilliseconds: 10_000 });
      const version = /\bversion:?\s+v?(\S+)/.exec(stdout)?.[1] ?? 'unknown';
      programs.push({ name, like: /^crun\b/.test(stdout) ? 'crun' : 'runc', file, version, args });
    } catch (error) {
      refused.push({ name, why: messageOf(error) });
    }
  }
  return { programs, refused };
}

/** The default first. @throws EngineError `invalid` where the one that is asked for is not there. */
export function defaultFirst(programs: readonly RuntimeProgram[], wanted: string | undefined): RuntimeProgram[] {
  if (wanted === undefined) return [...programs];
  const found = programs.find(({ name }) => name === wanted);
  if (!found) throw new EngineError('invalid', `specified default runtime '${wanted}' does not exist`);
  return [found, ...programs.filter((program) => program !== found)];
}
