import { EngineError } from '../../base/errors.ts';
import type { HealthCheck } from '../../base/health-config.ts';
import type { ContainerState } from './container-service.ts';
import type { Health, HealthResult } from './health-service.ts';

const second = 1e9;
const defaultInterval = 30 * second;
const defaultTimeout = 30 * second;
const defaultStartInterval = 5 * second;
const defaultRetries = 3;
const keptResults = 5;

/** @throws EngineError `invalid` in Docker's words. */
export function checkHealthCheck(check: HealthCheck | undefined): void {
  if (!check) return;
  const times = {
    Interval: check.interval,
    Timeout: check.timeout,
    StartPeriod: check.startPeriod,
    StartInterval: check.startInterval,
  };
  for (const [field, value = 0] of Object.entries(times)) {
    if (value === 0 || value >= 1e6) continue;
    throw new EngineError('invalid', `${field} in Healthcheck cannot be less than 1ms`, {
      reason: 'request.invalid',
      params: { field: `Healthcheck.${field}` },
    });
  }
  if ((check.retries ?? 0) < 0) {
    throw new EngineError('invalid', 'Retries in Healthcheck cannot be negative', {
      reason: 'request.invalid',
      params: { field: 'Healthcheck.Retries' },
    });
  }
}

/** What is asked wins, field by field (moby, `merge`). */
export function mergeHealthCheck(
  asked: HealthCheck | undefined,
  image: HealthCheck | undefined,
): HealthCheck | undefined {
  if (!asked || !image) return asked ?? image;
  const given = Object.entries(asked).filter(([, value]) => value !== undefined && value !== 0);
  return { ...image, ...Object.fromEntries(given), test: asked.test.length > 0 ? asked.test : image.test };
}

/**
 * The command of a check; undefined where nothing is checked. As in Docker the shell is the container's, which an
 * image's SHELL does not change.
 */
export function commandOfCheck(
  check: HealthCheck | undefined,
  shell: readonly string[] = ['/bin/sh', '-c'],
): readonly string[] | undefined {
  const [kind, ...words] = check?.test ?? [];
  if (words.length === 0) return undefined;
  if (kind === 'CMD') return words;
  return kind === 'CMD-SHELL' ? [...shell, ...words] : undefined;
}

/** Milliseconds until a check is given up. */
export const timeoutOf = (check: HealthCheck) => Math.max(1, (check.timeout || defaultTimeout) / 1e6);

/** Milliseconds from the end of a check, or the start of the container, to the next check. */
export function intervalOf(check: HealthCheck, health: Health | undefined, ranMilliseconds: number): number {
  const starting = health?.status === 'starting' && ranMilliseconds < (check.startPeriod ?? 0) / 1e6;
  return (starting ? check.startInterval || defaultStartInterval : check.interval || defaultInterval) / 1e6;
}

/** After a check (moby, `handleProbeResult`). @param ranMilliseconds how long the container had run when it began */
export function afterCheck(
  health: Health | undefined,
  result: HealthResult,
  { check, ranMilliseconds }: { check: HealthCheck; ranMilliseconds: number },
): Health {
  const before: Health = health ?? { status: 'starting', failingStreak: 0, log: [] };
  const log = [...before.log, result].slice(-keptResults);
  if (result.exitCode === 0) return { status: 'healthy', failingStreak: 0, log };
  const forgiven = before.status === 'starting' && ranMilliseconds < (check.startPeriod ?? 0) / 1e6;
  const failingStreak = before.failingStreak + (forgiven ? 0 : 1);
  const unwell = !forgiven && failingStreak >= (check.retries || defaultRetries);
  return { status: unwell ? 'unhealthy' : before.status, failingStreak, log };
}

interface Moment {
  state: ContainerState;
  health: Health | undefined;
}

/**
 * What a change of state makes of a container's health: a start begins anew but keeps the log; nobody looks after what
 * stands still or has ended, and Docker calls that unhealthy (moby, `CloseMonitorChannel`).
 */
export function healthAfter({ state: before, health }: Moment, state: ContainerState): Health | undefined {
  if (before === state) return health;
  if (state === 'running') {
    return before === 'paused' ? health : { status: 'starting', failingStreak: 0, log: health?.log ?? [] };
  }
  return before === 'running' && health ? { ...health, status: 'unhealthy' } : health;
}
