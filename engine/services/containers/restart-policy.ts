import type { ContainerRecord } from './container-record.ts';

/** Milliseconds, Docker's figures (moby, restartmanager). */
const firstDelay = 100;
const longestDelay = 60_000;
const calmAfter = 10_000;

/** Containers that wait to be started again by their restart policy. */
export interface Restarts {
  /**
   * Whether a container that ended starts again, and when: 100 ms after its end, each time twice as long up to a minute,
   * from the beginning once it has run for 10 seconds.
   * @param exit how it ended and how long it had run
   * @returns milliseconds; undefined when it stays ended
   */
  delayAfter(record: ContainerRecord, exit: { exitCode: number; ranMilliseconds: number }): number | undefined;
  /** Starts it then; replaces what was planned before. */
  plan(id: string, delayMilliseconds: number): void;
  /** Plans nothing any more and begins anew with the delays. */
  forget(id: string): void;
  /** Nothing is started any more; whoever comes next sees by the records what waits. */
  close(): void;
}

/** Whether the policy wants a container back that ended with this code. */
export function wantsRestart({ fixed, status }: ContainerRecord, exitCode: number): boolean {
  const { name, maximumRetryCount } = fixed.hostConfig.restartPolicy;
  if (status.stoppedByHand) return false;
  if (name === 'always' || name === 'unless-stopped') return true;
  if (name !== 'on-failure' || exitCode === 0) return false;
  return maximumRetryCount === 0 || (status.restartCount ?? 0) < maximumRetryCount;
}

/** Whether the next engine brings a container back that was stopped with this one; `always` and `unless-stopped` come anyway. */
export function waitsForNextEngine({ fixed, status }: ContainerRecord, exitCode: number): boolean {
  return fixed.hostConfig.restartPolicy.name === 'on-failure' && exitCode !== 0 && !status.stoppedByHand;
}

/**
 * Whether a container that does not run is started with the engine. `always` also where it was stopped by hand, as in
 * Docker; `on-failure` never: its end was looked at when it came.
 */
export function startsWithEngine({ fixed, status, state }: ContainerRecord): boolean {
  if (state !== 'exited' || status.startedAt === undefined) return false;
  const { name } = fixed.hostConfig.restartPolicy;
  return name === 'always' || (name === 'unless-stopped' && !status.stoppedByHand);
}

/** @param start must not fail: nobody waits for it. */
export function createRestarts({ start }: { start(id: string): Promise<void> }): Restarts {
  const timers = new Map<string, NodeJS.Timeout>();
  const delays = new Map<string, number>();
  let closed = false;
  const unplan = (id: string) => {
    clearTimeout(timers.get(id));
    timers.delete(id);
  };
  return {
    delayAfter(record, { exitCode, ranMilliseconds }) {
      if (!wantsRestart(record, exitCode)) return undefined;
      const before = ranMilliseconds >= calmAfter ? undefined : delays.get(record.id);
      const delay = before === undefined ? firstDelay : Math.min(before * 2, longestDelay);
      delays.set(record.id, delay);
      return delay;
    },
    plan(id, delayMilliseconds) {
      unplan(id);
      if (closed) return;
      const timer = setTimeout(() => {
        timers.delete(id);
        void start(id);
      }, delayMilliseconds);
      timers.set(id, timer);
    },
    forget(id) {
      unplan(id);
      delays.delete(id);
    },
    close() {
      closed = true;
      for (const id of [...timers.keys()]) unplan(id);
    },
  };
}
