import { ageOf, bootId } from '../../base/process-identity.ts';
import type { Status } from './container-record.ts';

/**
 * How long a container had run at `moment`, milliseconds, whatever was done to the clock since its start: counted by the
 * clock of its first process. Of one that ended with another boot only what the host's clock says is known.
 * @param moment milliseconds since the epoch, not in the future
 */
export function ranFor({ process, bootId: boot, startedAt = 0 }: Status, moment: number, now = Date.now()): number {
  if (!process || boot !== bootId()) return Math.max(0, moment - startedAt);
  return Math.max(0, ageOf(process) - Math.max(0, now - moment));
}
