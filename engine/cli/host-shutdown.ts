import { existsSync } from 'node:fs';
import { findProgram } from '../base/program-file.ts';
import { runProgram } from '../base/run-program.ts';

/**
 * Whether the machine itself is going down, as far as systemd is its init and tells (systemctl(1), `is-system-running`).
 * What goes on then would be killed, and would hold the shutdown up before.
 */
export async function isHostShuttingDown(): Promise<boolean> {
  const systemctl = existsSync('/run/systemd/system') ? findProgram('systemctl') : undefined;
  if (!systemctl) return false;
  const options = { timeoutMilliseconds: 5000, acceptedExitCodes: [0, 1] };
  const answer = await runProgram(systemctl, ['is-system-running'], options).catch(() => undefined);
  return answer?.stdout.trim() === 'stopping';
}
