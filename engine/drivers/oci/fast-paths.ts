import type { RuntimeProgram } from './runtime-program.ts';

/** Shortcuts past an OCI runtime's program. Each has a plain twin, does the same, and falls back to it where refused. */
export interface FastPaths {
  /** `fast-start.ts` instead of `<runtime> start`. */
  readonly start: boolean;
  /** `fast-delete.ts` instead of `<runtime> delete --force`, once nothing runs any more. */
  readonly delete: boolean;
  /** `seccomp-cache.ts` instead of compiling the rules for every container. */
  readonly seccomp: boolean;
  /** `sealed-program.ts`: called as the copy of itself that it would make first. */
  readonly sealed: boolean;
}

/** Everything by the runtime's own commands. */
export const plainPaths: FastPaths = { start: false, delete: false, seccomp: false, sealed: false };

const allPaths: FastPaths = { start: true, delete: true, seccomp: true, sealed: true };

/**
 * They stand on what is in a runtime's state directory, which no specification promises. So only for the exact versions
 * on which `test/host/drivers-runtime.test.ts` has run both twins.
 */
const tried: Readonly<Record<string, readonly string[]>> = { crun: ['1.8.1'] };

/** Those that the runtime found at the start bears. */
export function fastPathsOf({ name, version }: Pick<RuntimeProgram, 'name' | 'version'>): FastPaths {
  return tried[name]?.includes(version) ? allPaths : plainPaths;
}
