import type { AppEvent } from './bridge/app.ts';
import { createPulse } from './hosts/pulse.ts';

/** What the app itself has to tell its window. */
export interface AppEvents {
  /** How many listen. */
  readonly listeners: number;
  tell(event: AppEvent): void;
  /** Begins with how things are now. */
  watch(signal: AbortSignal): AsyncIterable<AppEvent>;
}

/** Makes it; `now` says how things are. */
export function createAppEvents(now: () => readonly AppEvent[]): AppEvents {
  const queues = new Set<AppEvent[]>();
  const told = createPulse();

  async function* watch(signal: AbortSignal): AsyncGenerator<AppEvent> {
    const queue: AppEvent[] = [...now()];
    queues.add(queue);
    try {
      while (!signal.aborted) {
        const seen = told.count;
        yield* queue.splice(0);
        await told.after(seen, signal);
      }
    } finally {
      queues.delete(queue);
    }
  }

  return {
    get listeners() {
      return queues.size;
    },
    tell(event) {
      for (const queue of queues) queue.push(event);
      told.beat();
    },
    watch,
  };
}
