import i18next from 'i18next';

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes as Docker writes them: decimal units, three digits at most. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${Number(value.toFixed(digits))} ${units[unit]}`;
}

const steps = [
  [365 * 86_400, 'time.years'],
  [30 * 86_400, 'time.months'],
  [14 * 86_400, 'time.weeks'],
  [86_400, 'time.days'],
  [3600, 'time.hours'],
  [60, 'time.minutes'],
  [0, 'time.seconds'],
] as const;
const secondsOf: Record<(typeof steps)[number][1], number> = {
  'time.years': 365 * 86_400,
  'time.months': 30 * 86_400,
  'time.weeks': 7 * 86_400,
  'time.days': 86_400,
  'time.hours': 3600,
  'time.minutes': 60,
  'time.seconds': 1,
};

/** A span in its largest unit: `9 d`, `3 h`. */
export function spanText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const step = steps.find(([from]) => seconds >= from);
  const key = step?.[1] ?? 'time.seconds';
  return i18next.t(key, { n: Math.floor(seconds / secondsOf[key]) });
}

/** The same, below a minute on request with more digits: `42 ms`, `2.3 s`. */
export function ageSpan(milliseconds: number, exact = false): string {
  if (!exact || milliseconds >= 60_000) return spanText(milliseconds);
  if (milliseconds < 1000) return i18next.t('time.milliseconds', { n: Math.round(milliseconds) });
  return i18next.t('time.seconds', { n: Number((milliseconds / 1000).toFixed(1)) });
}

/** A share with one digit behind the point: `22.5%`; whole when it is. */
export function percentText(percent: number): string {
  return `${Number(percent.toFixed(1))}%`;
}

/** The age of a moment (ISO 8601) in its largest unit. */
export function ageText(moment: string, now: number): string {
  return spanText(now - Date.parse(moment));
}

/** Time of day, 24 hours: `14:32:07`. */
export function clockText(milliseconds: number): string {
  const at = new Date(milliseconds);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** Day and time in the user's language, for titles. */
export function momentText(moment: string): string {
  return new Date(moment).toLocaleString(i18next.language);
}

/** The first 12 digits of a container's or image's id. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}

/** `nginx:1.29` gives `['nginx', ':1.29']`; the port of a registry is not taken for a tag. */
export function splitReference(reference: string): { name: string; tag: string } {
  const at = reference.lastIndexOf('@') > 0 ? reference.lastIndexOf('@') : reference.lastIndexOf(':');
  const isTag = at > reference.lastIndexOf('/');
  return isTag ? { name: reference.slice(0, at), tag: reference.slice(at) } : { name: reference, tag: '' };
}
