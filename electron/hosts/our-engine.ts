import path from 'node:path';
import * as z from 'zod';
import type { DockerHost } from '../../engine/compose/docker-host.ts';
import type { EngineVersion } from '../bridge/host.ts';
import { createDockerodeHost } from './dockerode-host.ts';
import { type EnginePlaces, engineCommand } from './engine-command.ts';
import { createEngineHost, defaultLimits, type EngineHost } from './engine-host.ts';
import { startEngineProcess } from './engine-process.ts';
import { HostError } from './host-error.ts';
import { createAttention, followHost, lookAt } from './host-follower.ts';
import { createHostState, type HostState } from './host-state.ts';
import { createImageBook, type ImageBook } from './image-book.ts';
import { createPulse, type Pulse } from './pulse.ts';

/** Milliseconds within which an engine that accepts a connection must tell its version. */
const ANSWER_LIMIT = 20_000;

/** What the app shows of `/beluga/version`. */
const belugaVersion = z.object({
  instance: z.string(),
  rootful: z.boolean(),
  dataRoot: z.string(),
  runRoot: z.string(),
  snapshotter: z.string(),
  runtime: z.object({ name: z.string(), version: z.string() }),
  cgroupVersion: z.number(),
  warnings: z.array(z.string()),
});

/** Asks a host who it is. @throws HostError `unavailable` when nothing answers in time. */
async function probeHost(host: DockerHost, socket: string): Promise<EngineVersion> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const late = new HostError('unavailable', `Nothing answers on ${socket}.`, { reason: 'engine.not-answering' });
    timer = setTimeout(() => reject(late), ANSWER_LIMIT);
  });
  try {
    const version = await Promise.race([host.system.version(), limit]);
    const ours = belugaVersion.safeParse(await Promise.race([host.system.extension('/beluga/version'), limit]));
    return {
      version: version.Version ?? '',
      apiVersion: version.ApiVersion ?? '',
      socket,
      ...(ours.success ? { beluga: ours.data } : {}),
    };
  } finally {
    clearTimeout(timer);
  }
}

/** Our own engine with what is known of it. */
export interface OurEngine {
  readonly host: DockerHost;
  readonly engine: EngineHost;
  readonly state: HostState;
  /** Beats when `engine.state` or `state` changed. */
  readonly changed: Pulse;
  /** Beats at every event about a container. */
  readonly events: Pulse;
  /** What was found of images. */
  readonly images: ImageBook;
  readonly logFile: string;
  /** Where the engine answers, whether it does so now or not. */
  readonly socket: string;
  /** Resolves when the engine runs, or at the abort. */
  engineRuns(signal: AbortSignal): Promise<void>;
  /** Has a container looked at, of which no event may come. */
  lookAgain(id: string): void;
}

/** Begins to watch the engine of these roots; starts it when none answers. */
export function openOurEngine(places: EnginePlaces, logFile: string): OurEngine {
  const socket = path.join(places.runRoot, 'docker.sock');
  const host = createDockerodeHost(socket);
  const state = createHostState();
  const changed = createPulse();
  const attention = createAttention();
  const images = createImageBook();
  const engine = createEngineHost({
    start: () => startEngineProcess(engineCommand(places), logFile),
    probe: () => probeHost(host, socket),
    follow: (signal) => followHost({ host, state, changed, attention, images }, signal),
    changed: changed.beat,
    limits: defaultLimits,
  });
  const engineRuns = async (signal: AbortSignal) => {
    while (engine.state.phase !== 'running' && !signal.aborted) await changed.after(changed.count, signal);
  };
  const lookAgain = (id: string) => lookAt(attention, id);
  return { host, engine, state, changed, events: attention.events, images, logFile, socket, engineRuns, lookAgain };
}
