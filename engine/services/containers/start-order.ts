import type { ContainerRecord } from './container-record.ts';
import { joinedContainer } from './namespace-modes.ts';

/** How long a container that joins another waits, again and again, while that one waits for its restart. */
const lookAgainMilliseconds = 200;

interface StartOrder {
  find(id: string): ContainerRecord | undefined;
  /** Tries the whole again later. */
  later(id: string, milliseconds: number): void;
  /** Must not fail. */
  start(id: string): Promise<void>;
}

/** Containers that have to run before this one can: whose namespaces it joins, and to which it has links. */
function neededBy({ fixed: { hostConfig } }: ContainerRecord): string[] {
  const { networkMode, pidMode, ipcMode, links = [] } = hostConfig;
  const joined = [networkMode, pidMode, ipcMode].map(joinedContainer);
  return [...joined, ...links.map(({ containerId }) => containerId)].filter((id) => id !== undefined);
}

/**
 * Starts by policy come many at once, at the engine's start the oldest container first: who joins another waits for it.
 * @returns what starts one
 */
export function inStartOrder({ find, later, start }: StartOrder): (id: string) => Promise<void> {
  const starting = new Map<string, Promise<void>>();
  return (id) => {
    const record = find(id);
    const needed = record ? neededBy(record) : [];
    // one that comes back by its own policy, only later
    if (needed.some((other) => find(other)?.state === 'restarting' && !starting.has(other))) {
      later(id, lookAgainMilliseconds);
      return Promise.resolve();
    }
    const started = Promise.all(needed.map((other) => starting.get(other)))
      .then(() => start(id))
      .finally(() => starting.delete(id));
    starting.set(id, started);
    return started;
  };
}
