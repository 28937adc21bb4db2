import { EngineError } from '../../../base/errors.ts';

/** What a log is forwarded to. One connection at a time; who calls tries again after a failure. */
export interface Collector {
  /** @throws Error in Go's words, as Docker tells it: `dial tcp 127.0.0.1:1: connect: connection refused`. */
  open(): Promise<void>;
  /**
   * Resolves when all is handed over (acknowledged, where the protocol can). After a failure none of it is known to have
   * come: it is sent once more.
   */
  send(messages: readonly LogMessage[]): Promise<void>;
  close(): void;
}

export interface LogMessage {
  /** Nanoseconds since the epoch. */
  timeNano: bigint;
  stream: 'stdout' | 'stderr';
  /** Without its newline. */
  text: string;
  /** The line goes on in the next message. */
  partial: boolean;
}

/** Whose log it is. */
export interface LogSource {
  containerId: string;
  /** Without the slash. */
  containerName: string;
  imageId: string;
  imageName: string;
  /** Program and arguments. */
  command: string;
  createdAt: Date;
  hostname: string;
  /** As its template made it; empty where there is none. */
  tag: string;
  /** Labels and environment that the options name. */
  attributes: Readonly<Record<string, string>>;
}

export type LogOptions = Readonly<Record<string, string>>;

/** A driver of logs that forwards them. */
export interface CollectorDriver {
  /** Names of its options. */
  readonly options: readonly string[];
  /** At the creation of a container. @throws EngineError `invalid` in Docker's words. */
  check(options: LogOptions): void;
  /** How attributes are named; as they are when absent. */
  attributeName?(name: string): string;
  /** At its start. @throws EngineError `invalid` in Docker's words. */
  create(options: LogOptions, source: LogSource): Collector;
  /** A collector that does not answer does not keep a container from starting. */
  startsWithout?(options: LogOptions): boolean;
  /** Milliseconds before it is tried again, at first. */
  retryAfter?(options: LogOptions): number;
}

export const invalidOption = (message: string) => new EngineError('invalid', message);

/** Go's strconv.ParseBool. */
export function parseGoBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw invalidOption(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

const powers: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** Go-units: `10k`, `1.5 MB`; `base` 1000 (FromHumanSize) or 1024 (RAMInBytes). */
export function parseGoSize(text: string, base: 1000 | 1024): number {
  const match = /^(\d+(?:\.\d+)*) ?([kmgtp])?i?b?$/i.exec(text);
  const size = match ? Number(match[1]) * base ** (powers[(match[2] ?? '').toLowerCase()] ?? 0) : Number.NaN;
  if (Number.isNaN(size)) throw invalidOption(`invalid size: '${text}'`);
  return Math.trunc(size);
}

const unitMilliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 3.6e6,
};

/** Go's time.ParseDuration, in milliseconds. */
export function parseGoDuration(text: string): number {
  const fail = () => invalidOption(`time: invalid duration ${JSON.stringify(text)}`);
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))*$/.test(text)) {
    if (text === '0') return 0;
    throw fail();
  }
  let sum = 0;
  for (const [, number, unit = ''] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(number) * (unitMilliseconds[unit] ?? 0);
  }
  return text.startsWith('-') ? -sum : sum;
}
