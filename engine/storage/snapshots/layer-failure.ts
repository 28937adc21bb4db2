import { diskFullOr } from '../../base/disk-full.ts';
import { EngineError, toEngineError } from '../../base/errors.ts';
import { errnoCode } from '../../base/libc.ts';
import { TarError } from '../../base/tar-error.ts';

/** Whatever reading an archive or writing its files threw, in the engine's words. */
export function layerFailure(error: unknown): EngineError {
  if (error instanceof EngineError) return error.reason === 'program.failed' ? damaged(error) : error;
  if (error instanceof TarError) {
    if (error.fault === 'truncated') return truncated(error);
    return notAnImage(error.message, error);
  }
  if (error instanceof Error && error.name === 'AbortError') return new EngineError('cancelled', 'cancelled');
  const code = errnoCode(error);
  if (code === 'Z_BUF_ERROR') return truncated(error);
  if (code !== undefined && /^(Z_|ZSTD_)/.test(code)) {
    return notAnImage(`the compressed data is damaged (${code})`, error);
  }
  // What no directory tree can have: a file as a directory, a circle of symlinks, a component too long, a file too large.
  if (code !== undefined && /^(ENOTDIR|ELOOP|ENAMETOOLONG|EEXIST|EFBIG)$/.test(code)) {
    return notAnImage((error as Error).message, error);
  }
  return toEngineError(diskFullOr(error));
}

/** What xz and bzip2 say of damage. */
function damaged(error: EngineError): EngineError {
  const { program, detail } = error.params;
  if (program !== 'xz' && program !== 'bzip2') return error;
  const [said] = String(detail).split('\n');
  const isCut = /unexpected end|ends unexpectedly/i.test(String(detail));
  return isCut ? truncated(error) : notAnImage(`the compressed data is damaged (${said})`, error);
}

function truncated(cause: unknown): EngineError {
  return new EngineError('invalid', 'unexpected EOF: the archive ends too early; copy or save it again', {
    reason: 'image.truncated',
    cause,
  });
}

function notAnImage(detail: string, cause: unknown): EngineError {
  return new EngineError('invalid', `invalid archive: ${detail}: give a file made by "docker save" or an OCI layout`, {
    reason: 'image.not-an-image',
    cause,
  });
}
