import type { HealthCheck } from '../base/health-config.ts';
import type { Instruction } from './dockerfile.ts';
import { DockerfileError } from './dockerfile-error.ts';
import { type ReadFlags, readFlags } from './instruction-flags.ts';
import { jsonList } from './words.ts';

const nanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Go's duration in nanoseconds. @throws DockerfileError in its words */
function durationOf(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?)([^\d.]*)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw new DockerfileError(`time: invalid duration ${JSON.stringify(text)}`);
  return parts.reduce((sum, [, count, unit = '']) => {
    const each = Object.hasOwn(nanoseconds, unit) ? nanoseconds[unit] : undefined;
    if (unit === '') throw new DockerfileError(`time: missing unit in duration ${JSON.stringify(text)}`);
    if (each === undefined)
      throw new DockerfileError(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    return sum + Number(count) * each;
  }, 0);
}

function timeOf(flags: ReadFlags, flag: string): number | undefined {
  const text = flags.text(flag);
  if (text === undefined || text === '') return undefined;
  const time = durationOf(text);
  // 0: the usual one
  if (time === 0) return undefined;
  if (time < 1e6) throw new DockerfileError(`Interval ${JSON.stringify(flag)} cannot be less than 1ms`);
  return time;
}

function retriesOf(flags: ReadFlags): number | undefined {
  const text = flags.text('retries');
  if (text === undefined || text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text))
    throw new DockerfileError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (Number(text) < 0) throw new DockerfileError(`--retries cannot be negative (${text})`);
  return Number(text);
}

const table = {
  interval: 'text',
  timeout: 'text',
  'start-period': 'text',
  'start-interval': 'text',
  retries: 'text',
} as const;

/** HEALTHCHECK: flags, then NONE or CMD (Dockerfile reference, "HEALTHCHECK"). @throws DockerfileError */
export function readHealth(instruction: Pick<Instruction, 'flags' | 'rest'>): HealthCheck {
  const flags = readFlags(instruction, table);
  const [, kind = '', command = ''] = /^(\S*)\s*([\s\S]*)$/.exec(instruction.rest) ?? [];
  if (kind === '') throw new DockerfileError('HEALTHCHECK requires at least one argument');
  if (kind.toUpperCase() === 'NONE') {
    if (command !== '') throw new DockerfileError('HEALTHCHECK NONE takes no arguments');
    return { test: ['NONE'] };
  }
  if (kind.toUpperCase() !== 'CMD')
    throw new DockerfileError(`Unknown type ${JSON.stringify(kind.toUpperCase())} in HEALTHCHECK (try CMD)`);
  if (command === '') throw new DockerfileError('Missing command after HEALTHCHECK CMD');
  const list = jsonList(command);
  const said = {
    interval: timeOf(flags, 'interval'),
    timeout: timeOf(flags, 'timeout'),
    startPeriod: timeOf(flags, 'start-period'),
    startInterval: timeOf(flags, 'start-interval'),
    retries: retriesOf(flags),
  };
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return { test: list ? ['CMD', ...list] : ['CMD-SHELL', command], ...given };
}
