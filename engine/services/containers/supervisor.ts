import { setTimeout } from 'node:timers/promises';
import { toEngineError } from '../../base/errors.ts';
import type { KeyedLock } from '../../base/keyed-lock.ts';
import type { Log } from '../../base/log.ts';
import type { ExitStatus } from '../../drivers/oci/runtime.ts';

export interface SupervisorDependencies {
  lock: KeyedLock;
  log: Log;
  /** Resolves at the container's end. */
  wait(id: string, signal: AbortSignal): Promise<ExitStatus>;
  /** Runs under the container's lock. */
  onExit(id: string, exit: ExitStatus): Promise<void>;
}

/** One wait per live container, from its start (or the engine's) to its exit. */
export interface Supervisor {
  watch(id: string): void;
  /**
   * Resolves once the exit is recorded and everything taken down; at once when the container is not watched.
   * @throws EngineError `unavailable` (`storage.disk-full`, `storage.locked`) when it could not be recorded; that is tried again by itself.
   */
  ended(id: string): Promise<void>;
  /** Stops waiting; the containers go on. */
  close(): void;
}

/** No event tells that a disk has room again. */
const retryMilliseconds = 1000;
/** Why something could not be recorded now, and can be later. */
const passing: ReadonlySet<string> = new Set(['storage.disk-full', 'storage.locked']);

export function createSupervisor({ lock, log, wait, onExit }: SupervisorDependencies): Supervisor {
  const closing = new AbortController();
  const watched = new Map<string, Promise<void>>();

  const keep = (id: string, done: Promise<void>) => {
    watched.set(id, done);
    const forget = () => {
      if (watched.get(id) === done) watched.delete(id);
    };
    done.then(forget, forget);
  };
  const handle = async (id: string, exit: Promise<ExitStatus>) => {
    try {
      const status = await exit;
      await lock.run(id, async () => {
        if (!closing.signal.aborted) await onExit(id, status);
      });
    } catch (error) {
      if (closing.signal.aborted) return;
      log.error('the exit of a container could not be handled', { id, error });
      if (!passing.has(toEngineError(error).reason ?? '')) return;
      const later = setTimeout(retryMilliseconds, undefined, { signal: closing.signal, ref: false });
      keep(
        id,
        handle(
          id,
          later.then(() => exit),
        ),
      );
      throw error;
    }
  };
  return {
    watch(id) {
      if (watched.has(id)) log.error('a container is watched twice', { id });
      keep(id, handle(id, wait(id, closing.signal)));
    },
    ended: (id) => watched.get(id) ?? Promise.resolve(),
    close: () => closing.abort(),
  };
}
