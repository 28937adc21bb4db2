import { readFileSync } from 'node:fs';
import { sealProgram } from '../../base/libc-memory-file.ts';
import { fastPathsOf } from './fast-paths.ts';
import type { RuntimeProgram } from './runtime-program.ts';

/**
 * crun runs as a copy of itself that a container cannot write to (CVE-2019-5736): each call mounts itself read-only, and
 * begins anew from there. A call that comes from sealed memory is such a copy already: one for the whole life of the
 * engine, and so the very program whose version was looked at. The memory is free at the end of the engine.
 * @returns the same program at a path that is good as long as the engine lives; as it was where memory cannot be run
 */
export function sealedProgram(program: RuntimeProgram): RuntimeProgram {
  try {
    const descriptor = sealProgram(program.name, readFileSync(program.file));
    return { ...program, file: `/proc/${process.pid}/fd/${descriptor}` };
  } catch {
    return program;
  }
}

/** How a program that was found is called: sealed where that was tried. */
export const programToCall = (found: RuntimeProgram): RuntimeProgram =>
  fastPathsOf(found).sealed ? sealedProgram(found) : found;
