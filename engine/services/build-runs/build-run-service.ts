import type { Channel } from '../../base/channel.ts';
import type { ErrorCode, ErrorParams } from '../../base/errors.ts';
import type { BuildNetwork, CacheMiss, PlannedStep } from '../build/build-service.ts';

/** `lost`: the engine ended in the middle of it. */
export type BuildRunState = 'running' | 'done' | 'failed' | 'cancelled' | 'lost';

/** A build as it goes, or went: as a line of a list. */
export interface BuildRun {
  id: string;
  state: BuildRunState;
  /** Milliseconds since the epoch, as all times here. */
  startedAt: number;
  endedAt?: number;
  /** Names for the image. */
  references: readonly string[];
  /** Path in the context. */
  dockerfile: string;
  target?: string;
  platform?: string;
  imageId?: string;
  error?: { message: string; code: ErrorCode; reason?: string; params: ErrorParams; line?: number };
  /** Steps of all; 0 until they are known. */
  total: number;
  /** The one that was begun last. */
  current: number;
  /** Steps that make files, of those that have ended: all, and those that were there from before. */
  made: number;
  cached: number;
}

export interface BuildRunDetail extends BuildRun {
  /** Build arguments by name; without a value: of the environment, or one that looks like a secret. */
  arguments: readonly { name: string; value?: string }[];
  noCache: boolean;
  pull: boolean;
  network: BuildNetwork;
  /** The Dockerfile. */
  source?: string;
  steps: readonly BuildRunStep[];
  warnings: readonly string[];
}

export interface BuildRunStep extends PlannedStep {
  state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  startedAt?: number;
  endedAt?: number;
  cached?: boolean;
  missed?: CacheMiss;
  /** Lines of output. */
  logLines: number;
}

/** What is remembered of builds, whoever asked for them. */
export interface BuildRunService {
  /** Newest first. */
  list(): readonly BuildRun[];
  /** The list at once, and after changes. */
  watch(): Channel<readonly BuildRun[]>;
  /** @throws EngineError `not-found` (`build.not-found`), as all here */
  one(id: string): BuildRunDetail;
  /** The same at once and after changes, until it has ended. */
  watchOne(id: string): Channel<BuildRunDetail>;
  /** Output of a step, a JSON text a line (`StoredLine`), as it comes until the step has ended. */
  log(id: string, step: number): Channel<string>;
  /** Ends one that runs. @throws EngineError `conflict` (`build.ended`) */
  cancel(id: string): void;
  /** Forgets one that has ended. @throws EngineError `conflict` (`build.running`) */
  remove(id: string): Promise<void>;
}

/** A line of a step's log on disk. */
export type StoredLine =
  /** Milliseconds since the step was begun. */
  | { at: number; stream: 'stdout' | 'stderr'; text: string }
  /** So many lines were too many to be kept. */
  | { dropped: number };
