import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import path from 'node:path';
import { bindSystemCall, errnoCode, openPathOnly, systemCallNumbers } from './libc.ts';
import { type FileName, makeDirectoryAt } from './libc-files.ts';

/** openat2(2): absolute names and symlinks mean the given directory, `..` never leads out of it. */
const resolveInRoot = 0x10;
/** No way leads out, neither `..` nor a symlink, and none through /proc/PID/fd. */
const resolveBelow = 0x08 | 0x02;
const closeOnExec = 0o2000000;

const openCall = bindSystemCall(
  'openat2',
  'long syscall(long nr, int directory, const char *path, const uint8_t *how, size_t size)',
);

/** The kernel gives up where something is renamed meanwhile (EAGAIN): it may be asked again. */
const mostTries = 100;

function open(directory: number, name: FileName, flags: number, resolve: number): number {
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt(flags | closeOnExec), 0);
  how.writeBigUInt64LE(BigInt(resolve), 16);
  for (let tries = 1; ; tries++) {
    try {
      return openCall(systemCallNumbers.openat2, directory, name, how, how.length);
    } catch (error) {
      if (errnoCode(error) !== 'EAGAIN' || tries >= mostTries) throw error;
    }
  }
}

/**
 * Opens a path of another system's root, which is open as `directory`.
 * @returns a descriptor, to be closed by the caller
 * @throws SystemError, e.g. ENOENT; EAGAIN where renames in there do not end
 */
export function openInRoot(directory: number, name: FileName, flags: number): number {
  return open(directory, name, flags, resolveInRoot);
}

/** The same for a relative name that must not lead out of a directory. @throws SystemError EXDEV where it does */
export function openBelow(directory: number, name: string, flags: number): number {
  return open(directory, name, flags, resolveBelow);
}

/**
 * Reads a regular file of a directory that is another system's root, whose symlinks may point anywhere.
 * @throws SystemError, e.g. ENOENT; Error when it is longer than `maximumBytes` or no regular file.
 */
export function readFileInRoot(root: string, name: string, maximumBytes: number): string {
  const directory = openSync(root, openPathOnly | constants.O_DIRECTORY);
  try {
    // O_NONBLOCK: a FIFO of this name must not hold us up
    const file = openInRoot(directory, name, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = fstatSync(file);
      if (!fstatSync(file).isFile()) throw new Error(`${name} is not a regular file`);
      if (size > maximumBytes) throw new Error(`${name} is longer than ${maximumBytes} bytes`);
      const data = Buffer.alloc(size);
      return data.toString('utf8', 0, readSync(file, data, 0, size, 0));
    } finally {
      closeSync(file);
    }
  } finally {
    closeSync(directory);
  }
}

/**
 * Makes a directory, and those above it, in a directory that is another system's root, whose symlinks may point anywhere:
 * they are followed within it. What is there already, of whatever kind, stays as it is.
 * @returns where it is without any symlink, as this process sees it
 * @throws SystemError, e.g. ENOTDIR where a file is on the way
 */
export function makeDirectoriesInRoot(root: string, name: string): string {
  let directory = openSync(root, openPathOnly | constants.O_DIRECTORY);
  const top = openSync(root, openPathOnly | constants.O_DIRECTORY);
  try {
    let reached = '';
    for (const part of path.posix.join('/', name).split('/').filter(Boolean)) {
      makeUnlessThere(directory, part);
      reached = `${reached}/${part}`;
      const next = openInRoot(top, reached, openPathOnly | constants.O_DIRECTORY);
      closeSync(directory);
      directory = next;
    }
    return readlinkSync(`/proc/self/fd/${directory}`);
  } finally {
    closeSync(directory);
    closeSync(top);
  }
}

function makeUnlessThere(directory: number, name: string): void {
  try {
    makeDirectoryAt(directory, name, 0o755);
  } catch (error) {
    if (errnoCode(error) !== 'EEXIST') throw error;
  }
}
