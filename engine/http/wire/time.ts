import { EngineError } from '../../base/errors.ts';

/** Go's zero time: "never". */
export const zeroTime = '0001-01-01T00:00:00Z';

/** RFC 3339 as Go's RFC3339Nano prints it: no trailing zeros in the fraction. */
export function timeToWire(time: Date | undefined): string {
  if (!time) return zeroTime;
  return time.toISOString().replace(/\.?0*Z$/, 'Z');
}

/** RFC 3339 with always nine digits, as log lines have it (jsonmessage.RFC3339NanoFixed). */
export function nanoTimeToWire(timeNano: bigint): string {
  const seconds = timeNano / 1_000_000_000n;
  const fraction = String(timeNano % 1_000_000_000n).padStart(9, '0');
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

/**
 * `seconds[.fraction]` since the epoch in nanoseconds; undefined when empty.
 * @throws EngineError `invalid` (`request.invalid`).
 */
export function parseNanoTime(text: string | null): bigint | undefined {
  if (text === null || text === '') return undefined;
  const match = /^(-?\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (match?.[1] === undefined) {
    throw new EngineError('invalid', `invalid time "${text}": seconds since the epoch, with or without a fraction`, {
      reason: 'request.invalid',
    });
  }
  const fraction = BigInt((match[2] ?? '').slice(0, 9).padEnd(9, '0'));
  return BigInt(match[1]) * 1_000_000_000n + fraction;
}

const plural = (count: number, unit: string) => `${count} ${unit}`;

/** A duration in milliseconds in the words of Docker's go-units HumanDuration. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return plural(seconds, 'seconds');
  const minutes = Math.trunc(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return plural(minutes, 'minutes');
  const hours = Math.trunc(milliseconds / 3_600_000 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return plural(hours, 'hours');
  if (hours < 24 * 14) return plural(Math.trunc(hours / 24), 'days');
  if (hours < 24 * 60) return plural(Math.trunc(hours / 24 / 7), 'weeks');
  if (hours < 24 * 365 * 2) return plural(Math.trunc(hours / 24 / 30), 'months');
  return plural(Math.trunc(milliseconds / 3_600_000 / 24 / 365), 'years');
}
