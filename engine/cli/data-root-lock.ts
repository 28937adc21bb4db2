import path from 'node:path';
import { EngineError } from '../base/errors.ts';
import { type FileLock, isLock, lockFile } from '../base/file-lock.ts';
import { errnoCode } from '../base/libc.ts';

/**
 * One engine per data root: held from the start to the end of the process.
 * @throws EngineError `conflict` (`data-root.in-use`) which names the other's pid, `unavailable` (`data-root.read-only`).
 */
export function lockDataRoot(dataRoot: string): FileLock {
  const result = lock(dataRoot);
  if (isLock(result)) return result;
  const pid = result.pid ?? 0;
  throw new EngineError(
    'conflict',
    `the data root ${dataRoot} is in use by another engine (process ${pid}): stop it, or start with another --data-root`,
    { reason: 'data-root.in-use', params: { dataRoot, pid } },
  );
}

function lock(dataRoot: string): ReturnType<typeof lockFile> {
  try {
    return lockFile(path.join(dataRoot, 'engine.lock'));
  } catch (cause) {
    if (errnoCode(cause) !== 'EROFS') throw cause;
    throw new EngineError(
      'unavailable',
      `the data root ${dataRoot} is on a read-only file system: make it writable, or start with another --data-root`,
      { reason: 'data-root.read-only', params: { dataRoot }, cause },
    );
  }
}
