import { toEngineError } from '../../base/errors.ts';
import type { KeyedLock } from '../../base/keyed-lock.ts';
import type { Runtime } from '../../drivers/oci/runtime.ts';
import type { ContainerCgroups } from './container-cgroups.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerStore } from './container-store.ts';
import type { ExitWaits } from './exit-waits.ts';
import type { Restarts } from './restart-policy.ts';
import { signalNumber } from './signals.ts';
import { nextState } from './state-machine.ts';
import type { Supervisor } from './supervisor.ts';

const kill = 9;
const defaultStopSeconds = 10;

export interface EndDependencies {
  store: ContainerStore;
  lock: KeyedLock;
  waits: ExitWaits;
  restarts: Restarts;
  cgroups: ContainerCgroups;
  runtimeOf(record: ContainerRecord): Runtime;
  supervisor(): Supervisor;
}

/** Ends containers on request, also those that only wait for their restart. */
export interface Ender {
  /** Sends a signal by number. @throws EngineError `conflict` (`container.not-running`). */
  signal(id: string, number: number): Promise<void>;
  /** Stop signal, wait, SIGKILL; resolves once its exit is recorded. */
  end(record: ContainerRecord, how: StopOptions, why: Ending): Promise<void>;
  endingOf(id: string): Ending | undefined;
}

export function createEnder(dependencies: EndDependencies): Ender {
  const { store, lock, supervisor, runtimeOf } = dependencies;
  const ending = new Map<string, Ending>();

  const signal = (id: string, number: number) =>
    lock.run(id, async () => {
      const record = store.resolve(id);
      if (nextState(record, 'kill') === 'exited') return giveUpRestart(dependencies, id, ending.get(id));
      try {
        await runtimeOf(record).kill(id, number);
      } catch (error) {
        // it ended a moment ago: its exit, on its way, is not to start it again
        if (isToEnd(record, number) && ending.get(id) !== 'shutdown') {
          store.change(id, { status: { stoppedByHand: true } });
        }
        throw error;
      }
      tellSignal(dependencies, record, { number, byHand: ending.get(id) !== 'shutdown' });
    });
  const giveUpWaiting = (id: string) =>
    lock.run(id, async () => {
      const waits = store.find(id)?.state === 'restarting';
      if (waits) giveUpRestart(dependencies, id, ending.get(id));
      return waits;
    });
  return {
    signal,
    async end(record, how, why) {
      const { id } = record;
      nextState(record, 'stop');
      ending.set(id, why);
      try {
        if (await giveUpWaiting(id)) return;
        await stopProcess(record, how, { signal, ended: supervisor().ended(id) });
      } finally {
        ending.delete(id);
      }
    },
    endingOf: (id) => ending.get(id),
  };
}

/** Which call ends a container, so that its exit tells it and no policy starts it again. */
export type Ending = 'stop' | 'restart' | 'remove' | 'shutdown';

/** Whether the end is told as Docker's event `stop`. */
export const isStop = (ending: Ending | undefined) => ending !== undefined && ending !== 'remove';

/** The container stays ended, and whoever waits for that is told. */
function giveUpRestart({ store, restarts, waits }: EndDependencies, id: string, ending: Ending | undefined): void {
  restarts.forget(id);
  const told = isStop(ending) ? [{ action: 'stop' }] : [];
  const { status } = store.change(id, { state: 'exited', status: { stoppedByHand: true } }, ...told);
  waits.exited(id, { exitCode: status.exitCode });
}

/** Whether a signal is meant to end a container: any where it names no stop signal of its own, as in Docker. */
function isToEnd({ fixed }: ContainerRecord, number: number): boolean {
  const { stopSignal } = fixed.config;
  return stopSignal === undefined || number === kill || number === signalNumber(stopSignal);
}

/**
 * After a signal. One that is meant to end the container keeps its policy from starting it again, and lets
 * it run where it is paused (moby, `killWithSignal`).
 */
function tellSignal(
  { store, cgroups }: EndDependencies,
  record: ContainerRecord,
  { number, byHand }: { number: number; byHand: boolean },
): void {
  const { id, state } = record;
  const toEnd = isToEnd(record, number);
  const told = { action: 'kill', attributes: { signal: String(number) } };
  if (toEnd && byHand) store.change(id, { status: { stoppedByHand: true } }, told);
  else store.tell(id, told);
  if (!toEnd || state !== 'paused') return;
  cgroups.of(id).thaw();
  store.change(id, { state: 'running' }, { action: 'unpause' });
}

export interface StopOptions {
  timeoutSeconds?: number;
  signal?: string;
}

async function stopProcess(
  { id, fixed: { config } }: ContainerRecord,
  how: StopOptions,
  { signal, ended }: { signal(id: string, number: number): Promise<void>; ended: Promise<void> },
): Promise<void> {
  const number = signalNumber(how.signal ?? config.stopSignal ?? 'SIGTERM');
  const seconds = how.timeoutSeconds ?? config.stopTimeoutSeconds ?? defaultStopSeconds;
  // One that ended a moment ago cannot be signalled; its exit is on its way.
  const unlessEnded = (error: unknown) => {
    if (toEngineError(error).reason !== 'container.not-running' && toEngineError(error).code !== 'not-found')
      throw error;
  };
  if (number !== kill || seconds !== 0) {
    await signal(id, number).catch(unlessEnded);
    // without patience both come, one after the other, as in Docker
    if (seconds !== 0 && (await within(ended, seconds))) return;
  }
  await signal(id, kill).catch(unlessEnded);
  await ended;
}

/** Whether `work` is done in time; a negative number of seconds waits for ever. */
async function within(work: Promise<void>, seconds: number): Promise<boolean> {
  if (seconds < 0) return work.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, Math.min(seconds * 1000, 2 ** 31 - 1), false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
