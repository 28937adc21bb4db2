import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { bindSystemCall, errnoCode } from './libc.ts';

const exclusive = 2;
const doNotWait = 4;
const flockCall = bindSystemCall('flock', 'int flock(int fd, int operation)');

export interface FileLock {
  release(): void;
}

/** Somebody else has the lock. `pid` is what they wrote into the file, if anything. */
export interface LockedElsewhere {
  pid: number | undefined;
}

/**
 * Takes an exclusive lock on a file by flock(2), without waiting, and writes our pid into it. The kernel frees it when
 * the process ends, however it ends; programs that we start do not inherit it. The file stays: removing it would let
 * two have "the" lock.
 */
export function lockFile(file: string): FileLock | LockedElsewhere {
  const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    flockCall(descriptor, exclusive | doNotWait);
  } catch (error) {
    closeSync(descriptor);
    if (errnoCode(error) !== 'EAGAIN') throw error;
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return { pid: Number.isInteger(pid) ? pid : undefined };
  }
  ftruncateSync(descriptor);
  writeSync(descriptor, `${process.pid}\n`, 0);
  return { release: () => closeSync(descriptor) };
}

/** Whether `lockFile` gave the lock. */
export function isLock(result: FileLock | LockedElsewhere): result is FileLock {
  return 'release' in result;
}
