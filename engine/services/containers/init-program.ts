import { findProgram, missingProgram } from '../../base/program-file.ts';

/** Programs that pass signals on and reap; each stands alone, for an image may have no C library. Docker's own name first. */
const names = ['docker-init', 'tini-static', 'catatonit'] as const;

/** What `--init` puts before the command. @throws EngineError `unavailable` (`program.missing`). */
export function requireInit(): string {
  const found = names.map(findProgram).find((file) => file !== undefined);
  if (found) return found;
  throw missingProgram('tini-static');
}
