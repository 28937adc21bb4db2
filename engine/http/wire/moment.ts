import { parseNanoTime } from './time.ts';

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const duration = /^(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/;
const date = /^\d{4}-\d{2}-\d{2}(?:T(\d{2})(:\d{2})?(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * The moment that Docker's `until` means: a duration back from now (`24h`, `1h30m`), a date with or without its time and
 * zone (the engine's where none is given), or seconds since the epoch (moby, api/types/time "GetTimestamp").
 *
 * @throws EngineError `invalid` (`request.invalid`).
 */
export function parseMoment(text: string): Date {
  if (duration.test(text)) {
    const parts = text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g);
    const back = [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0);
    return new Date(Date.now() - back);
  }
  const found = date.exec(text);
  if (found) {
    const [, hour, minutes] = found;
    // JavaScript takes a date alone for UTC, and knows no hour alone
    const whole = hour === undefined ? `${text}T00:00:00` : minutes ? text : text.replace(/T\d{2}/, '$&:00');
    const time = Date.parse(whole);
    if (!Number.isNaN(time)) return new Date(time);
  }
  return new Date(Number((parseNanoTime(text) ?? 0n) / 1_000_000n));
}
