import type { EngineState, EngineVersion } from '../bridge/host.ts';
import type { StartFailure } from './engine-log.ts';
import type { EngineProcess } from './engine-process.ts';
import { HostError, toFailure, toHostError } from './host-error.ts';
import { createPulse, type Pulse, pause } from './pulse.ts';

/** Limits in milliseconds; tests set them small. */
export interface EngineHostLimits {
  /** The first wait between two starts; doubles up to `longestWait`. */
  readonly firstWait: number;
  readonly longestWait: number;
  /** Failed starts in a row after which only the user's word starts another. */
  readonly attempts: number;
  /** An engine that ran so long counts as healthy: its next failure is the first again. */
  readonly healthyAfter: number;
  /** How long a lost engine's process may take to end before its connection is tried again. */
  readonly endingWait: number;
}

export const defaultLimits: EngineHostLimits = {
  firstWait: 500,
  longestWait: 30_000,
  attempts: 8,
  healthyAfter: 10_000,
  endingWait: 15_000,
};

export interface EngineHostParts {
  /** Starts an engine; it runs on when this process ends. */
  readonly start: () => EngineProcess;
  /** What answers on the socket; fails when nothing does. */
  readonly probe: () => Promise<EngineVersion>;
  /** Works with the engine that answers; ends or fails when the connection is lost. */
  readonly follow: (signal: AbortSignal) => Promise<void>;
  readonly changed: () => void;
  readonly limits: EngineHostLimits;
}

export interface EngineHost {
  readonly state: EngineState;
  /** Tries at once when it failed, stopped or waits for the next try. */
  restart(): void;
  /** Stops watching; the engine runs on. */
  close(): Promise<void>;
}

/** Milliseconds to wait before start number `attempt`; the first follows at once. */
export function waitBefore(attempt: number, { firstWait, longestWait }: EngineHostLimits): number {
  return attempt <= 1 ? 0 : Math.min(longestWait, firstWait * 2 ** (attempt - 2));
}

function outcomeOf(error: unknown): StartFailure {
  return { error: toHostError(error), final: false };
}

/** The state that is told, and the phase that stands for "on the way": `reconnecting` once an engine has run. */
interface Status {
  readonly state: EngineState;
  tell(news: Pick<EngineState, 'phase' | 'attempt'> & Partial<EngineState>): void;
  trying(attempt: number, failure: StartFailure | undefined, nextTryAt?: number): void;
}

const reasonOf = (failure: StartFailure | undefined) => (failure ? { reason: toFailure(failure.error) } : {});

function createStatus(changed: () => void): Status {
  let state: EngineState = { phase: 'starting', attempt: 0, since: Date.now() };
  const status: Status = {
    get state() {
      return state;
    },
    tell(news) {
      const since = news.phase === state.phase ? state.since : Date.now();
      const { version } = state;
      state = { since, ...(version ? { version } : {}), ...news };
      changed();
    },
    trying(attempt, failure, nextTryAt) {
      const phase = state.version ? 'reconnecting' : 'starting';
      status.tell({ phase, attempt, ...reasonOf(failure), ...(nextTryAt === undefined ? {} : { nextTryAt }) });
    },
  };
  return status;
}

/** Waits for `event`, so many milliseconds, or the abort; undefined unless it was the event. */
async function within<T>(event: Promise<T>, milliseconds: number, signal: AbortSignal): Promise<T | undefined> {
  const timer = new AbortController();
  const stop = () => timer.abort();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([event, pause(milliseconds, timer.signal).then(() => undefined)]);
  } finally {
    stop();
    signal.removeEventListener('abort', stop);
  }
}

/** A day: as long as `setTimeout` is asked to wait for what has no end of its own. */
const ENDLESS = 86_400_000;

interface Watch extends EngineHostParts {
  readonly status: Status;
  /** Beats when the user asks for a start. */
  readonly asked: Pulse;
  readonly signal: AbortSignal;
}

const wordOf = ({ asked, signal }: Watch) => asked.after(asked.count, signal);
const answerOf = ({ probe }: Watch) => probe().catch(() => undefined);

/** One start. The process when it is ready; why not when it ended before. */
async function tryStart({ start, signal }: Watch): Promise<EngineProcess | StartFailure> {
  try {
    const started = start();
    const ready = await within(started.ready, ENDLESS, signal);
    return ready === false ? (await started.ended).failure : started;
  } catch (error) {
    return outcomeOf(error);
  }
}

/** Works with the engine that answers until it is lost; returns why. */
async function runWith(watch: Watch, version: EngineVersion): Promise<StartFailure> {
  watch.status.tell({ phase: 'running', attempt: 0, version });
  try {
    await watch.follow(watch.signal);
    return outcomeOf(new HostError('unavailable', 'The connection was closed.', { reason: 'engine.not-answering' }));
  } catch (error) {
    return outcomeOf(error);
  }
}

/** Whether an engine of ours that no longer answers ended on purpose. */
async function stoppedOnPurpose(watch: Watch, own: EngineProcess | undefined): Promise<boolean> {
  if (!own || (await answerOf(watch))) return false;
  const ending = await within(own.ended, watch.limits.endingWait, watch.signal);
  return ending?.clean ?? false;
}

async function watchEngine(watch: Watch): Promise<void> {
  const { status, limits, signal } = watch;
  let attempt = 0;
  let failure: StartFailure | undefined;
  let own: EngineProcess | undefined;
  while (!signal.aborted) {
    const version = await answerOf(watch);
    if (version) {
      const began = Date.now();
      failure = await runWith(watch, version);
      if (signal.aborted) return;
      if (Date.now() - began >= limits.healthyAfter) attempt = 0;
      status.trying(attempt, failure);
      if (await stoppedOnPurpose(watch, own)) {
        own = undefined;
        status.tell({ phase: 'stopped', attempt: 0 });
        await wordOf(watch);
      } else if (await answerOf(watch)) {
        await within(wordOf(watch), limits.firstWait, signal);
        continue;
      }
    }
    attempt += 1;
    if (failure?.final || attempt > limits.attempts) {
      status.tell({ phase: 'failed', attempt: attempt - 1, ...reasonOf(failure) });
      await wordOf(watch);
      attempt = 1;
    }
    const wait = waitBefore(attempt, limits);
    if (wait > 0) {
      status.trying(attempt, failure, Date.now() + wait);
      await within(wordOf(watch), wait, signal);
      if (await answerOf(watch)) continue;
    }
    if (signal.aborted) return;
    status.trying(attempt, failure);
    const result = await tryStart(watch);
    own = 'ended' in result ? result : undefined;
    failure = 'ended' in result ? undefined : result;
  }
}

/** Adopts the engine that answers or starts one, watches it, and starts it again when it is lost. */
export function createEngineHost(parts: EngineHostParts): EngineHost {
  const status = createStatus(parts.changed);
  const asked = createPulse();
  const closing = new AbortController();
  const watching = watchEngine({ ...parts, status, asked, signal: closing.signal });
  return {
    get state() {
      return status.state;
    },
    restart: asked.beat,
    async close() {
      closing.abort();
      await watching;
    },
  };
}
