import { statSync } from 'node:fs';
import { errnoCode } from '../../base/libc.ts';
import type { Log } from '../../base/log.ts';
import { compressRotated, makeEmptyLog, mendRotation, reopenLog, shiftLog, trimLog } from './rotate-log.ts';

export interface LogLimits {
  maxBytes: number;
  /** The one that is written, and those with a number. */
  maxFiles: number;
  compress: boolean;
}

export interface RotatorDependencies {
  file: string;
  /** conmon's control file. */
  control: string;
  limits: LogLimits;
  log: Log;
}

/** Keeps the files of one container's log within their limits while it runs. */
export interface LogRotator {
  /** The container has ended: a last look, without conmon. Resolves when what is to be compressed is. */
  end(): Promise<void>;
  /** The engine ends; conmon goes on. */
  close(): void;
}

/**
 * Milliseconds between two looks at a file's size: half of the time in which it would reach its limit at its present pace.
 * Nothing else tells: a container that writes wakes up nobody. So a file is longer than its limit by what is written
 * between two looks at most.
 */
const rarest = 250;
const mostOften = 10;
/** How long conmon may take to open a new file before it is asked (again), milliseconds. */
const patience = 1000;

function sizeOf(file: string): number | undefined {
  try {
    return statSync(file).size;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Compresses rotated files, one pass at a time. */
function createCompression(file: string, log: Log) {
  let present: { stop: AbortController; done: Promise<void> } | undefined;
  return {
    start() {
      const stop = new AbortController();
      const done = compressRotated(file, stop.signal).catch((error) => {
        if (errnoCode(error) !== 'ENOENT') log.warn('a rotated log could not be compressed', { file, error });
      });
      present = { stop, done };
    },
    /** At once: names may change from now on. */
    stop() {
      present?.stop.abort();
      present = undefined;
    },
    done: () => present?.done,
  };
}

/** Milliseconds until the next look at a file of this size. */
function nextLook(size: number, last: { size: number; at: number }, { maxBytes }: LogLimits): number {
  const pace = (size - last.size) / Math.max(1, performance.now() - last.at);
  return pace > 0 ? Math.min(rarest, Math.max(mostOften, (maxBytes - size) / pace / 2)) : rarest;
}

function createSteps({ file, control, limits, log }: RotatorDependencies) {
  const compression = createCompression(file, log);
  let last = { size: 0, at: performance.now() };
  // conmon may have been asked by an engine before us, a moment ago
  let missingSince: number | undefined;
  let settled = false;

  const shift = () => {
    compression.stop();
    shiftLog(file, limits.maxFiles);
    settled = false;
    last = { size: 0, at: performance.now() };
  };
  /** The newest file is there, so nothing is written to the others any more. */
  const settle = () => {
    if (settled) return;
    settled = true;
    trimLog(file, limits.maxFiles);
    if (limits.compress) compression.start();
  };
  return {
    compression,
    /** @returns milliseconds until the next look */
    look(): number {
      const size = sizeOf(file);
      if (size === undefined) {
        missingSince ??= performance.now();
        if (performance.now() - missingSince <= patience) return mostOften;
      } else {
        missingSince = undefined;
        settle();
        if (size < limits.maxBytes) {
          const next = nextLook(size, last, limits);
          last = { size, at: performance.now() };
          return next;
        }
        shift();
      }
      missingSince = performance.now();
      reopenLog(control);
      return mostOften;
    },
    /** Without conmon. */
    async end() {
      if ((sizeOf(file) ?? 0) >= limits.maxBytes) shift();
      makeEmptyLog(file);
      settle();
      await compression.done();
    },
  };
}

/** Begins to keep a log; what an engine before left half-done is finished first. */
export function startRotator(dependencies: RotatorDependencies): LogRotator {
  const { file, log } = dependencies;
  const steps = createSteps(dependencies);
  const warn = (error: unknown) => log.warn('a log could not be rotated', { file, error });
  let timer: NodeJS.Timeout | undefined;
  const lookOn = () => {
    let next = rarest;
    try {
      next = steps.look();
    } catch (error) {
      warn(error);
    }
    timer = setTimeout(lookOn, next).unref();
  };
  try {
    mendRotation(file);
  } catch (error) {
    warn(error);
  }
  timer = setTimeout(lookOn, mostOften).unref();
  return {
    async end() {
      clearTimeout(timer);
      try {
        await steps.end();
      } catch (error) {
        // its folder may be gone with it
        if (errnoCode(error) !== 'ENOENT') warn(error);
      }
    },
    close() {
      clearTimeout(timer);
      steps.compression.stop();
    },
  };
}
