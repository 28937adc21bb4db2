import type { Log } from '../../base/log.ts';
import type { ContainerStore } from './container-store.ts';
import type { Restarts } from './restart-policy.ts';
import { hasProcess } from './state-machine.ts';

export interface StopAllParts {
  store: ContainerStore;
  restarts: Pick<Restarts, 'close'>;
  end(id: string): Promise<void>;
  log: Log;
}

/** What a container may take beyond its own timeout (moby, `ShutdownTimeout`). */
const graceSeconds = 5;
const defaultStopSeconds = 10;

/**
 * Stops every container that runs, side by side, as an engine does that leaves nothing behind. Resolves when they have
 * ended, or after `shutdownTimeoutSeconds`: longer where one has a longer timeout of its own, never where it or one of
 * theirs is negative.
 */
export async function stopAll(
  { store, restarts, end, log }: StopAllParts,
  shutdownTimeoutSeconds: number,
): Promise<void> {
  restarts.close();
  const running = store.all().filter(({ state }) => hasProcess(state));
  const own = running.map(({ fixed: { config } }) => config.stopTimeoutSeconds ?? defaultStopSeconds);
  const forEver = [shutdownTimeoutSeconds, ...own].some((seconds) => seconds < 0);
  const bound = Math.max(shutdownTimeoutSeconds, ...own.map((seconds) => seconds + graceSeconds));
  log.info('stopping the containers', { count: running.length, seconds: forEver ? -1 : bound });
  const stopped = running.map(({ id }) =>
    end(id).catch((error) => log.error('a container could not be stopped', { id, error })),
  );
  const late = Promise.withResolvers<boolean>();
  const timer = forEver ? undefined : setTimeout(() => late.resolve(true), Math.min(bound * 1000, 2 ** 31 - 1));
  const isLate = await Promise.race([Promise.all(stopped).then(() => false), late.promise]);
  clearTimeout(timer);
  if (isLate) log.warn('containers did not end in time: they go on', { seconds: bound });
}
