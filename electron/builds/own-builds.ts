import type { BuildRequest, BuildWords } from '../../engine/compose/docker-host.ts';
import type { Build, BuildDetail, BuildLogLine } from '../bridge/builds.ts';
import { HostError, toFailure } from '../hosts/host-error.ts';
import type { Pulse } from '../hosts/pulse.ts';
import { type ClassicSteps, createClassicSteps } from './classic-steps.ts';

/** Ended ones that are remembered. */
const KEPT = 50;

export interface OwnBuild {
  readonly request: BuildRequest;
  readonly folder: string;
  readonly source: string;
  /** The classic builder's words. */
  readonly run: (signal: AbortSignal) => AsyncIterable<BuildWords>;
}

/** Builds that hang on a connection of this process: as their host tells them, in words. */
export interface OwnBuilds {
  /** Newest first. */
  list(): readonly BuildDetail[];
  find(id: string): BuildDetail | undefined;
  log(id: string, step: number): readonly BuildLogLine[];
  begin(build: OwnBuild): void;
  cancel(id: string): void;
  forget(id: string): void;
  close(): void;
}

interface Entry {
  readonly build: OwnBuild;
  readonly work: AbortController;
  readonly steps: ClassicSteps;
  state: Build['state'];
  readonly startedAt: number;
  endedAt?: number;
  imageId?: string;
  error?: NonNullable<Build['error']>;
}

function viewOf({ build, steps: made, state, startedAt, endedAt, imageId, error }: Entry): BuildDetail {
  const { id, references, dockerfile, target, platform, arguments: given } = build.request;
  const steps = made.steps();
  const ended = steps.filter((step) => step.makes && step.state === 'done');
  return {
    ...{ id, state, startedAt, references, dockerfile, folder: build.folder, source: build.source },
    ...(endedAt !== undefined && { endedAt }),
    ...(target && { target }),
    ...(platform && { platform }),
    ...(imageId && { imageId }),
    ...(error && { error }),
    ...{ total: made.total, current: steps.at(-1)?.number ?? 0, steps, warnings: [], detailed: false },
    ...{ made: ended.length, cached: ended.filter(({ cached }) => cached).length },
    arguments: Object.keys(given).map((name) => ({ name })),
  };
}

/** Makes a place for them; `changed` is beaten whenever one of them changed. */
export function createOwnBuilds(changed: Pulse): OwnBuilds {
  const entries = new Map<string, Entry>();
  const end = (entry: Entry, state: 'done' | 'failed' | 'cancelled') => {
    entry.steps.end(state);
    entry.state = state;
    entry.endedAt = Date.now();
    const ended = [...entries].filter(([, { endedAt }]) => endedAt !== undefined);
    for (const [id] of ended.slice(0, -KEPT)) entries.delete(id);
    changed.beat();
  };
  const follow = async (entry: Entry) => {
    const { work, build, steps } = entry;
    try {
      for await (const { text, imageId } of build.run(work.signal)) {
        if (text !== undefined) steps.add(text);
        if (imageId !== undefined) entry.imageId = imageId;
        changed.beat();
      }
      end(entry, work.signal.aborted ? 'cancelled' : 'done');
    } catch (error) {
      if (work.signal.aborted) return end(entry, 'cancelled');
      entry.error = toFailure(error);
      end(entry, 'failed');
    }
  };
  return {
    list: () => [...entries.values()].map(viewOf).reverse(),
    find(id) {
      const entry = entries.get(id);
      return entry && viewOf(entry);
    },
    log: (id, step) => entries.get(id)?.steps.log(step) ?? [],
    begin(build) {
      const steps = createClassicSteps();
      const entry: Entry = { build, work: new AbortController(), steps, state: 'running', startedAt: Date.now() };
      entries.set(build.request.id, entry);
      changed.beat();
      void follow(entry);
    },
    cancel(id) {
      const entry = entries.get(id);
      if (!entry)
        throw new HostError('not-found', `no such build: ${id}`, { reason: 'build.not-found', params: { id } });
      entry.work.abort();
    },
    forget(id) {
      entries.delete(id);
      changed.beat();
    },
    close() {
      for (const { work } of entries.values()) work.abort();
    },
  };
}
