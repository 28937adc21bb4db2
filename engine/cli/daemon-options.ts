import type { LogLevel } from '../base/log.ts';

/** dockerd's options of how the engine itself behaves. */
export interface DaemonOptions {
  /** What the log tells; `debug` wins over it. */
  logLevel: LogLevel;
  /** Containers go on when the engine ends; otherwise they are stopped. */
  liveRestore: boolean;
  /** Longest that stopping them may take, where none of them asks for more itself; negative = no limit. */
  shutdownTimeoutSeconds: number;
  /** `name=value`, for whoever has several engines. */
  labels: readonly string[];
  /** Layers that travel at once; 0 = no limit. */
  maximumDownloads: number;
  maximumUploads: number;
}

export const daemonFlags = {
  'log-level': { type: 'string', short: 'l' },
  'live-restore': { type: 'string' },
  'shutdown-timeout': { type: 'string' },
  'metrics-addr': { type: 'string' },
  'max-concurrent-downloads': { type: 'string' },
  'max-concurrent-uploads': { type: 'string' },
  label: { type: 'string', multiple: true },
} as const;

type Flags = Readonly<Partial<Record<Exclude<keyof typeof daemonFlags, 'label'>, string>> & { label?: string[] }>;

export const daemonKeys: readonly string[] = Object.keys(daemonFlags).map((flag) =>
  flag === 'label' ? 'labels' : flag,
);

/** dockerd's, of which the most severe mean the same here. */
const levels: Readonly<Record<string, LogLevel>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
};

/** A flag that is a switch may stand alone, as with dockerd. */
export const withSwitches = (args: readonly string[]): string[] =>
  args.map((arg) => (arg === '--live-restore' ? '--live-restore=true' : arg));

/** What the flags say. @throws Error */
export function flaggedDaemonOptions(flags: Flags): Partial<DaemonOptions> {
  const restore = flags['live-restore'];
  if (restore !== undefined && restore !== 'true' && restore !== 'false')
    throw new Error(`--live-restore takes true or false, not ${restore}`);
  const timeout = flags['shutdown-timeout'];
  const { 'max-concurrent-downloads': downloads, 'max-concurrent-uploads': uploads } = flags;
  return {
    ...(flags['log-level'] !== undefined && { logLevel: levelOf(flags['log-level']) }),
    ...(restore !== undefined && { liveRestore: restore === 'true' }),
    ...(timeout !== undefined && { shutdownTimeoutSeconds: secondsOf(numberOf(timeout), timeout) }),
    ...(flags.label && { labels: labelsOf(flags.label) }),
    ...(downloads !== undefined && { maximumDownloads: countOf('downloads', numberOf(downloads), downloads) }),
    ...(uploads !== undefined && { maximumUploads: countOf('uploads', numberOf(uploads), uploads) }),
  };
}

/** With what the configuration file says; flags win. @throws Error */
export function daemonOptions(
  flagged: Partial<DaemonOptions>,
  configuration: Readonly<Record<string, unknown>>,
): DaemonOptions {
  const {
    'log-level': level = 'info',
    'live-restore': restore = true,
    'shutdown-timeout': timeout = 15,
    'max-concurrent-downloads': downloads = 3,
    'max-concurrent-uploads': uploads = 5,
    labels = [],
  } = configuration;
  if (typeof restore !== 'boolean')
    throw new Error('the key live-restore of the configuration file has to be true or false');
  return {
    logLevel: levelOf(level),
    liveRestore: restore,
    shutdownTimeoutSeconds: secondsOf(timeout, timeout),
    labels: labelsOf(labels),
    maximumDownloads: countOf('downloads', downloads, downloads),
    maximumUploads: countOf('uploads', uploads, uploads),
    ...flagged,
  };
}

function levelOf(level: unknown): LogLevel {
  const known = typeof level === 'string' && Object.hasOwn(levels, level) ? levels[level] : undefined;
  if (known) return known;
  throw new Error(`the log level is one of ${Object.keys(levels).join(', ')}, not ${String(level)}`);
}

function secondsOf(seconds: unknown, said: unknown): number {
  if (typeof seconds === 'number' && Number.isInteger(seconds)) return seconds;
  throw new Error(`the shutdown timeout is a whole number of seconds, not ${String(said)}`);
}

const numberOf = (text: string) => Number(text.trim() || Number.NaN);

/** In Docker's words. */
function countOf(what: 'downloads' | 'uploads', count: unknown, said: unknown): number {
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0) return count;
  throw new Error(`invalid max concurrent ${what}: ${String(said)}`);
}

function labelsOf(labels: unknown): readonly string[] {
  if (!Array.isArray(labels)) throw new Error('the key labels of the configuration file has to be a list of strings');
  const wrong: unknown = labels.find((label) => typeof label !== 'string' || !/^[^=]+=/.test(label));
  if (wrong !== undefined) throw new Error(`bad attribute format: ${String(wrong)}`);
  return labels;
}

export interface MetricsAddress {
  host: string;
  port: number;
}

/** `HOST:PORT` of `--metrics-addr` or the key of the configuration file; undefined where nothing is asked. @throws Error */
export function metricsAddressOf(text: unknown): MetricsAddress | undefined {
  if (text === undefined || text === '') return undefined;
  const match = typeof text === 'string' ? /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text) : null;
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new Error(`the address of the metrics is HOST:PORT, not ${String(text)}`);
  return { host: match[1] ?? match[2] ?? '', port };
}

/** As flags again: what was said by flags only, the file is read again. */
export function daemonArguments(flagged: Partial<DaemonOptions>, metrics: MetricsAddress | undefined): string[] {
  const { logLevel, liveRestore, shutdownTimeoutSeconds, labels = [], maximumDownloads, maximumUploads } = flagged;
  const host = metrics?.host.includes(':') ? `[${metrics.host}]` : metrics?.host;
  return [
    ...(logLevel === undefined ? [] : [`--log-level=${logLevel}`]),
    ...(liveRestore === undefined ? [] : [`--live-restore=${liveRestore}`]),
    ...(shutdownTimeoutSeconds === undefined ? [] : [`--shutdown-timeout=${shutdownTimeoutSeconds}`]),
    ...labels.map((label) => `--label=${label}`),
    ...(maximumDownloads === undefined ? [] : [`--max-concurrent-downloads=${maximumDownloads}`]),
    ...(maximumUploads === undefined ? [] : [`--max-concurrent-uploads=${maximumUploads}`]),
    ...(metrics ? [`--metrics-addr=${host}:${metrics.port}`] : []),
  ];
}
