import type { RegistryFailure } from '../registry-failure.ts';
import type { EndpointHealth } from './endpoint-health.ts';

/** What is remembered of endpoints, and what follows from it: who is sick, who is fast. */
export interface HealthBook {
  all(): readonly EndpointHealth[];
  of(endpoint: string): EndpointHealth | undefined;
  /** Whether it is to be asked now. One that was sick, and whose time is over, is asked by one at a time. */
  isWell(endpoint: string): boolean;
  /** It is being asked. */
  asking(endpoint: string): void;
  /** It answered. `latency` in milliseconds. */
  answered(endpoint: string, latency: number): void;
  /** It gave something of a blob, in so many milliseconds. */
  gave(endpoint: string, bytes: number, milliseconds: number): void;
  askedForBlob(endpoint: string): void;
  failed(endpoint: string, failure: RegistryFailure): void;
}

export interface HealthBookOptions {
  known: readonly EndpointHealth[];
  /** Milliseconds of a first sickness; it is asked for each time. */
  sickTime(): number;
  now?(): number;
  onChange(): void;
}

/** Of a new figure in the mean of all. */
const weight = 0.3;
const mean = (before: number | undefined, now: number) =>
  Math.round(before === undefined ? now : before * (1 - weight) + now * weight);
/** Bytes below which the time is that of the connection, not of its speed. */
const leastForSpeed = 256 << 10;
const longestSickness = 30;
/** Milliseconds that one who tries a sick one again has before the next may. */
const probeTime = 5000;

/** Whether a failure tells of the endpoint, and not only of what it was asked for. */
export function isSickness({ details: { kind, status = 0 } }: RegistryFailure): boolean {
  return kind !== 'status' || status === 429 || status === 408 || status >= 500;
}

export function createHealthBook(options: HealthBookOptions): HealthBook {
  const { sickTime, now = Date.now, onChange } = options;
  const book = new Map(options.known.map((entry) => [entry.endpoint, entry]));
  const probes = new Map<string, number>();
  const change = (endpoint: string, how: (entry: EndpointHealth) => EndpointHealth) => {
    book.set(endpoint, how(book.get(endpoint) ?? { endpoint, failures: 0, asked: 0, served: 0 }));
    onChange();
  };
  return {
    all: () => [...book.values()],
    of: (endpoint) => book.get(endpoint),
    isWell: (endpoint) => now() >= Math.max(book.get(endpoint)?.sickUntil ?? 0, probes.get(endpoint) ?? 0),
    asking(endpoint) {
      if ((book.get(endpoint)?.failures ?? 0) > 0) probes.set(endpoint, now() + probeTime);
    },
    answered(endpoint, latency) {
      probes.delete(endpoint);
      change(endpoint, ({ sickUntil: _, ...entry }) => ({
        ...entry,
        failures: 0,
        lastSuccess: now(),
        latency: mean(entry.latency, latency),
      }));
    },
    askedForBlob: (endpoint) => change(endpoint, (entry) => ({ ...entry, asked: entry.asked + 1 })),
    gave(endpoint, bytes, milliseconds) {
      const speed = bytes >= leastForSpeed ? (bytes * 1000) / Math.max(milliseconds, 1) : undefined;
      change(endpoint, (entry) => ({
        ...entry,
        served: entry.served + 1,
        ...(speed !== undefined && { speed: mean(entry.speed, speed) }),
      }));
    },
    failed(endpoint, failure) {
      probes.delete(endpoint);
      const { reason = '', params, message, details } = failure;
      const lastFailure = { at: now(), reason, params, message };
      if (!isSickness(failure)) return change(endpoint, (entry) => ({ ...entry, lastFailure }));
      change(endpoint, (entry) => {
        const failures = entry.failures + 1;
        const own = sickTime() * Math.min(2 ** (failures - 1), longestSickness);
        return { ...entry, failures, lastFailure, sickUntil: now() + (details.retryAfter ?? own) };
      });
    },
  };
}
