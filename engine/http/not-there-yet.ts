import { EngineError } from '../base/errors.ts';

/** The failure of what Docker has and Beluga has not yet: `not-implemented` (`request.not-implemented`), named by `what`. */
export function notThereYet(what: string): EngineError {
  return new EngineError('not-implemented', `${what} is not there yet in Beluga`, {
    reason: 'request.not-implemented',
    params: { what },
  });
}
