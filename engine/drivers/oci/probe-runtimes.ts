import { closeSync, existsSync, openSync, readFileSync, readSync, realpathSync } from 'node:fs';
import { type BootMemo, fileStamp } from '../../base/boot-memo.ts';
import { EngineError, messageOf } from '../../base/errors.ts';
import { findProgram, missingProgram } from '../../base/program-file.ts';
import { runProgram } from '../../base/run-program.ts';
import { cgroupVersion } from './cgroups.ts';
import type { RuntimeProgram } from './runtime-program.ts';

/** One OCI runtime that was looked for. */
export interface RuntimeProbe {
  name: RuntimeProgram['name'];
  isInstalled: boolean;
  /** Undefined for one that is not installed, or cannot even tell its version. */
  program: RuntimeProgram | undefined;
  /** Why it cannot be used; empty when it can. */
  problem: string;
}

const names = ['crun', 'runc'] as const;

/** `crun version 1.8.1`, `runc version 1.1.5+ds1`, `conmon version 2.1.6` → the number. */
export async function programVersion(file: string): Promise<string> {
  const { stdout } = await runProgram(file, ['--version']);
  return /\bversion:?\s+v?(\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

/** The same, without running it again while it is the same file. Of a script nobody knows what it runs. */
export function rememberedVersion(file: string, memo: BootMemo | undefined): Promise<string> {
  if (!memo || !isBinary(file)) return programVersion(file);
  return memo.recall(`version of ${file}`, fileStamp(realpathSync(file)), () => programVersion(file));
}

const elfMagic = '\u007fELF';

function isBinary(file: string): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const first = Buffer.alloc(elfMagic.length);
    readSync(descriptor, first);
    return first.toString('latin1') === elfMagic;
  } finally {
    closeSync(descriptor);
  }
}

/** crun refuses where it sees both hierarchies and the second has a controller. */
function hybridProblem(): string {
  if (cgroupVersion() === 2) return '';
  const controllers = '/sys/fs/cgroup/unified/cgroup.controllers';
  if (!existsSync(controllers) || readFileSync(controllers, 'utf8').trim() === '') return '';
  return 'cgroups in hybrid mode are not supported by crun';
}

async function probe(name: RuntimeProgram['name'], memo: BootMemo | undefined): Promise<RuntimeProbe> {
  const file = findProgram(name);
  if (file === undefined)
    return { name, isInstalled: false, program: undefined, problem: missingProgram(name).message };
  try {
    const program = { name, file, version: await rememberedVersion(file, memo) };
    const problem = name === 'crun' ? hybridProblem() : '';
    return { name, isInstalled: true, program, problem };
  } catch (error) {
    return { name, isInstalled: true, program: undefined, problem: messageOf(error) };
  }
}

/** Looks for every runtime, the preferred first. Run it in the engine's mount namespace. */
export function probeRuntimes(memo?: BootMemo): Promise<RuntimeProbe[]> {
  return Promise.all(names.map((name) => probe(name, memo)));
}

/** Those that can be used here. @throws EngineError `unavailable` when there is none: `program.missing`, or `program.failed` where all are installed. */
export function usableRuntimes(probes: readonly RuntimeProbe[]): RuntimeProgram[] {
  const usable = probes.flatMap(({ program, problem }) => (program && problem === '' ? program : []));
  if (usable.length > 0) return usable;
  const problems = probes.map(({ name, problem }) => `${name}: ${problem}`).join('; ');
  const message = `no container runtime works here (${problems}): install the package crun or runc`;
  const absent = probes.find(({ isInstalled }) => !isInstalled);
  if (!absent) throw new EngineError('unavailable', message, { reason: 'program.failed' });
  const params = { program: absent.name, package: absent.name };
  throw new EngineError('unavailable', message, { reason: 'program.missing', params });
}
