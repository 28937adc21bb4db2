import { EngineError } from './errors.ts';
import { errnoCode } from './libc.ts';

/** The failure of a full disk, in words that help. */
export function diskFull(cause: unknown): EngineError {
  return new EngineError(
    'unavailable',
    'no space left on device: free some space on the disk that holds the data root, then try again',
    { reason: 'storage.disk-full', cause },
  );
}

/** The error to throw for `error`: that of a full disk, anything else as it is. */
export function diskFullOr(error: unknown): unknown {
  const code = errnoCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' ? diskFull(error) : error;
}
