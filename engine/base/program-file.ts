/** Where programs lie, and which Debian package brings one that is missing. */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from './errors.ts';

const packages: Readonly<Record<string, string>> = {
  conmon: 'conmon',
  crun: 'crun',
  runc: 'runc',
  'fuse-overlayfs': 'fuse-overlayfs',
  fusermount3: 'fuse3',
  nsenter: 'util-linux',
  ps: 'procps',
  'tini-static': 'tini',
  unshare: 'util-linux',
  xz: 'xz-utils',
  du: 'coreutils',
};

/** Of sudo, cron and desktop sessions, some have no sbin on PATH. */
const always = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Absolute path of a program, from PATH and the usual directories; undefined when it is nowhere. */
export function findProgram(name: string): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? path.resolve(name) : undefined;
  const directories = [...(process.env.PATH ?? '').split(':').filter((entry) => entry.startsWith('/')), ...always];
  return directories.map((directory) => path.join(directory, name)).find(isExecutable);
}

/** The failure for a program that is not installed: says which Debian package has it. */
export function missingProgram(name: string): EngineError {
  const program = path.basename(name);
  const owner = packages[program] ?? program;
  return new EngineError(
    'unavailable',
    `the program ${program} is not installed: install the package ${owner} (apt-get install ${owner}) and try again`,
    { reason: 'program.missing', params: { program, package: owner } },
  );
}

/** @throws EngineError `unavailable` (`program.missing`). */
export function requireProgram(name: string): string {
  const file = findProgram(name);
  if (file === undefined) throw missingProgram(name);
  return file;
}
