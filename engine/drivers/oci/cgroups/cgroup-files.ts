import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../../../base/errors.ts';
import { errnoCode } from '../../../base/libc.ts';

const gone = ['ENOENT', 'ENODEV'];

/** The failure of a call on a cgroup that is not there (any more). */
export function cgroupGone(directory: string): EngineError {
  return new EngineError('not-found', `the cgroup ${directory} is gone: the container has ended`);
}

/** Text without the last newline; undefined when this kernel has no such file, or the cgroup is gone. */
export function readText(directory: string, file: string): string | undefined {
  try {
    return readFileSync(path.join(directory, file), 'utf8').trimEnd();
  } catch (error) {
    // EOPNOTSUPP: a file that is listed and that this kernel does not serve
    if ([...gone, 'EOPNOTSUPP'].includes(errnoCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** A number; undefined for `max`, for v1's "no limit" (2^63 less a page), and where there is no file. */
export function readNumber(directory: string, file: string): number | undefined {
  const text = readText(directory, file);
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const value = Number(text);
  return value >= 2 ** 62 ? undefined : value;
}

/** Lines `name number`. */
export function readValues(directory: string, file: string): Record<string, number> {
  const lines = (readText(directory, file) ?? '').split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [name, value] = line.split(' ');
      return name && value !== undefined && /^\d+$/.test(value) ? [[name, Number(value)]] : [];
    }),
  );
}

/** Sets one limit. @throws EngineError as `ContainerCgroup.update`. */
export function writeLimit(directory: string, file: string, value: string | number): void {
  try {
    // never made anew: a file that is not there is a limit this kernel does not know
    const descriptor = openSync(path.join(directory, file), constants.O_WRONLY | constants.O_TRUNC);
    try {
      writeSync(descriptor, String(value));
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    const code = errnoCode(cause) ?? '';
    // ENODEV is also said of a block device that is not there
    if (code === 'ENOENT' || (code === 'ENODEV' && !existsSync(directory))) throw cgroupGone(directory);
    if (code === 'EBUSY') {
      const message = `the kernel cannot set ${file} to ${value} now: the container uses more than that`;
      throw new EngineError('conflict', message, { cause });
    }
    if (!['EINVAL', 'ERANGE', 'EACCES', 'ENODEV', 'EOPNOTSUPP'].includes(code)) throw cause;
    throw new EngineError('invalid', `the kernel refuses ${value} as ${file}`, { cause });
  }
}

/** Pids of a cgroup and of those below it. */
export function processesBelow(directory: string): number[] {
  let names: string[];
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (gone.includes(errnoCode(error) ?? '')) return [];
    throw error;
  }
  const own = (readText(directory, 'cgroup.procs') ?? '').split('\n').filter(Boolean).map(Number);
  return [...own, ...names.flatMap((name) => processesBelow(path.join(directory, name)))];
}
