import { isDeepStrictEqual } from 'node:util';
import type { ContainerInspectResponse } from '@docker/node-sdk';
import type { DockerHost } from '../../engine/compose/docker-host.ts';
import type { Handlers } from '../bridge/handlers.ts';
import type { InspectedContainer, StatsSample, statsMethods } from '../bridge/stats.ts';
import { HostError } from '../hosts/host-error.ts';
import { type Pulse, pause } from '../hosts/pulse.ts';
import { createStatsFigures } from '../hosts/stats-figures.ts';

/** Milliseconds before stats that broke off are asked for again. */
const RETRY = 500;
/** Events come in bursts: milliseconds between two looks at a container. */
const LOOK_EVERY = 150;

export interface WatchSources {
  readonly host: DockerHost;
  /** Resolves when the engine runs, or at the abort. */
  readonly engineRuns: (signal: AbortSignal) => Promise<void>;
  /** Beats at every event about a container. */
  readonly events: Pulse;
}

const failsWith = (error: unknown, code: string) => error instanceof HostError && error.code === code;

/** The container; undefined when it is gone, or after the abort. Waits for an engine that is away. */
async function inspected(
  { host, engineRuns }: WatchSources,
  id: string,
  signal: AbortSignal,
): Promise<ContainerInspectResponse | undefined> {
  while (!signal.aborted) {
    try {
      return await host.containers.inspect(id);
    } catch (error) {
      if (failsWith(error, 'not-found')) return undefined;
      if (!failsWith(error, 'unavailable')) throw error;
    }
    await pause(RETRY, signal);
    await engineRuns(signal);
  }
  return undefined;
}

async function* samplesOf({ host }: WatchSources, id: string, signal: AbortSignal): AsyncGenerator<StatsSample> {
  const figures = createStatsFigures();
  for await (const stats of host.containers.stats(id, signal)) {
    const sample = figures(stats);
    if (sample) yield sample;
  }
}

/** Samples of a container for as long as it exists; see `containers.stats`. */
export async function* containerStats(
  sources: WatchSources,
  { id }: { id: string },
  signal: AbortSignal,
): AsyncGenerator<StatsSample> {
  while (!signal.aborted) {
    if (!(await inspected(sources, id, signal))) return;
    try {
      yield* samplesOf(sources, id, signal);
    } catch (error) {
      if (!failsWith(error, 'unavailable') && !failsWith(error, 'not-found')) throw error;
    }
    await pause(RETRY, signal);
  }
}

/** A container as it is, again whenever it changed; see `containers.inspect`. */
export async function* containerInspect(
  sources: WatchSources,
  { id }: { id: string },
  signal: AbortSignal,
): AsyncGenerator<InspectedContainer> {
  let last: ContainerInspectResponse | undefined;
  while (!signal.aborted) {
    const seen = sources.events.count;
    const container = await inspected(sources, id, signal);
    if (!container) return;
    if (!isDeepStrictEqual(container, last)) yield { ...container };
    last = container;
    await sources.events.after(seen, signal);
    await pause(LOOK_EVERY, signal);
  }
}

/** What the renderer watches of one container. */
export function watchHandlers(sources: WatchSources): Pick<Handlers, keyof typeof statsMethods> {
  return {
    'containers.stats': (arg, signal) => containerStats(sources, arg, signal),
    'containers.inspect': (arg, signal) => containerInspect(sources, arg, signal),
  };
}
