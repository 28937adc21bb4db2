import type { Health as WireHealth } from '@docker/node-sdk';
import type { Health } from '../../services/containers/health-service.ts';

/** `State.Health` */
export function healthToWire({
  status,
  failingStreak,
  log,
}: Health): Record<string, unknown> & { Status: WireHealth['Status'] } {
  const time = (milliseconds: number) => new Date(milliseconds).toISOString();
  return {
    Status: status,
    FailingStreak: failingStreak,
    Log: log.map(({ start, end, exitCode, output }) => ({
      Start: time(start),
      End: time(end),
      ExitCode: exitCode,
      Output: output,
    })),
  };
}

/** What `docker ps` shows behind the time (moby `Health.String`). */
export function healthWords(health: Health | undefined): string {
  if (!health) return '';
  return health.status === 'starting' ? ' (health: starting)' : ` (${health.status})`;
}
