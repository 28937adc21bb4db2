import type { EngineState, HostUpdate } from '../bridge/host.ts';
import type { HostState } from './host-state.ts';
import { type Pulse, pause } from './pulse.ts';

/** Milliseconds between two patches: at most 20 a second. */
const INTERVAL = 50;

interface Sources {
  readonly state: HostState;
  readonly engine: () => EngineState;
  readonly changed: Pulse;
}

function snapshot({ state, engine }: Sources): HostUpdate {
  return {
    type: 'snapshot',
    engine: engine(),
    listed: state.listed,
    containers: [...state.containers.values()],
    images: state.images(),
  };
}

/** What `host.watch` tells: a snapshot, then patches. A reader that is slow gets fewer and larger ones. */
export async function* hostUpdates(sources: Sources, signal: AbortSignal): AsyncGenerator<HostUpdate> {
  const { state, engine, changed } = sources;
  let reader = state.reader();
  try {
    for (let seen = changed.count, told = { engine: engine(), listed: state.listed }, first = true; ; first = false) {
      if (first || told.listed !== state.listed) {
        reader.close();
        reader = state.reader();
        told = { engine: engine(), listed: state.listed };
        yield snapshot(sources);
      } else {
        const entities = reader.take();
        const news = engine() === told.engine ? undefined : { engine: engine() };
        told = { engine: engine(), listed: state.listed };
        if (entities || news) yield { type: 'patch', ...news, ...entities };
      }
      await pause(INTERVAL, signal);
      await changed.after(seen, signal);
      if (signal.aborted) return;
      seen = changed.count;
    }
  } finally {
    reader.close();
  }
}
