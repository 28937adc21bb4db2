import * as z from 'zod';
import type { Failure } from './failure.ts';
import { call, stream } from './shapes.ts';

export type EnginePhase = 'starting' | 'running' | 'reconnecting' | 'failed' | 'stopped';

/** Of `/version` and, where the host is ours, `/beluga/version`. */
export interface EngineVersion {
  readonly version: string;
  readonly apiVersion: string;
  readonly socket: string;
  /** Absent when the host is not a Beluga engine. */
  readonly beluga?: {
    readonly instance: string;
    readonly rootful: boolean;
    readonly dataRoot: string;
    readonly runRoot: string;
    readonly snapshotter: string;
    readonly runtime: { readonly name: string; readonly version: string };
    readonly cgroupVersion: number;
    readonly warnings: readonly string[];
  };
}

/** How the engine is. `reconnecting`: it ran and was lost; it is being started again. */
export interface EngineState {
  readonly phase: EnginePhase;
  /** Why it is `reconnecting` or `failed`. */
  readonly reason?: Failure;
  /** Starts tried since it last ran; 0 when it runs. */
  readonly attempt: number;
  /** Milliseconds since the epoch; when the next start is tried. */
  readonly nextTryAt?: number;
  /** Milliseconds since the epoch; when this phase began. */
  readonly since: number;
  /** Of the engine that runs, or ran last. */
  readonly version?: EngineVersion;
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export type ContainerHealth = 'starting' | 'healthy' | 'unhealthy';

export interface PortMapping {
  readonly containerPort: number;
  readonly protocol: string;
  readonly hostIp?: string;
  readonly hostPort?: number;
}

export interface Container {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  /** As the user named it. */
  readonly image: string;
  readonly imageId: string;
  readonly command: string;
  readonly state: ContainerState;
  /** ISO 8601; absent when it never happened. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** Absent while it has not ended. */
  readonly exitCode?: number;
  /** What its health check has found; absent where it has none, or does not run. */
  readonly health?: ContainerHealth;
  /** The engine's own words about the last failed start. */
  readonly error?: string;
  readonly ports: readonly PortMapping[];
  /** Percent of one processor that it may use; absent without a limit. */
  readonly cpuLimit?: number;
  /** Bytes that it may use; absent without a limit. */
  readonly memoryLimit?: number;
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Image {
  /** `sha256:` and 64 hex digits. */
  readonly id: string;
  /** `name:tag`; empty for a dangling image. */
  readonly references: readonly string[];
  /** `name@sha256:…`, as registries know it. */
  readonly digests: readonly string[];
  /** Those of `references` of which nobody but a mirror says what they mean. */
  readonly unverified: readonly string[];
  /** Bytes. */
  readonly size: number;
  /** Bytes of its layers that other images have as well; absent where the host does not count them. */
  readonly shared?: number;
  /** `linux/amd64`, `linux/arm/v7`; absent until it was looked at. */
  readonly platform?: string;
  readonly createdAt: string;
  /** How many containers use it. */
  readonly containers: number;
}

export interface EntityPatch<T> {
  readonly put: readonly T[];
  readonly gone: readonly string[];
}

/**
 * `host.watch` begins with a snapshot; patches follow, at most 20 a second, each entity at most once in a patch. A further
 * snapshot may come at any time and replaces everything. While the engine is away the last known entities stay.
 */
export type HostUpdate =
  | {
      readonly type: 'snapshot';
      readonly engine: EngineState;
      /** False until the lists were read once: show "loading", not "empty". */
      readonly listed: boolean;
      readonly containers: readonly Container[];
      readonly images: readonly Image[];
    }
  | {
      readonly type: 'patch';
      readonly engine?: EngineState;
      readonly containers?: EntityPatch<Container>;
      readonly images?: EntityPatch<Image>;
    };

const nothing = z.undefined();

export const hostMethods = {
  'host.watch': stream(nothing).of<HostUpdate>(),
  /** Tries at once to start an engine that failed or waits; resolves when the start was begun. */
  'engine.restart': call(nothing).gives<void>(),
  /** The end of the engine's log, for reading and copying. */
  'engine.logTail': call(z.strictObject({ lines: z.number().int().min(1).max(5000) })).gives<{
    readonly file: string;
    readonly text: string;
  }>(),
} as const;
