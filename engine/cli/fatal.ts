import { toEngineError } from '../base/errors.ts';

/** Writes why the process cannot go on as one JSON line on stderr, which the app reads, and sets exit code 1. */
export function reportFatal(error: unknown): void {
  const { code, reason, message, params } = toEngineError(error);
  process.stderr.write(`${JSON.stringify({ level: 'fatal', code, reason, message, params })}\n`);
  process.exitCode = 1;
}
