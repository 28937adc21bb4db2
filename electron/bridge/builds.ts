import * as z from 'zod';
import type { Failure } from './failure.ts';
import { call, stream } from './shapes.ts';

const id = z.string().regex(/^[0-9a-f]{16}$/);
const byId = z.strictObject({ id });
const nothing = z.undefined();
const text = z.string().max(4096);

type BuildState = 'running' | 'done' | 'failed' | 'cancelled' | 'lost';

/** A build as it goes, or went, whoever asked for it. */
export interface Build {
  readonly id: string;
  /** `lost`: the engine ended in the middle of it. */
  readonly state: BuildState;
  /** Milliseconds since the epoch, as all times here. */
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly references: readonly string[];
  /** Path in the context. */
  readonly dockerfile: string;
  readonly target?: string;
  readonly platform?: string;
  readonly imageId?: string;
  readonly error?: Failure & { readonly line?: number };
  /** Steps of all; 0 until they are known. */
  readonly total: number;
  /** The one that was begun last. */
  readonly current: number;
  /** Steps that make files, of those that have ended: all, and those that were there from before. */
  readonly made: number;
  readonly cached: number;
  /** Its folder, where this app has sent it. */
  readonly folder?: string;
}

export interface BuildDetail extends Build {
  /** Without a value: one that looks like a secret. */
  readonly arguments: readonly { readonly name: string; readonly value?: string }[];
  /** The Dockerfile. */
  readonly source?: string;
  readonly steps: readonly BuildStep[];
  readonly warnings: readonly string[];
  /** Steps tell what they begin with and why they were not cached; of other hosts there are words only. */
  readonly detailed: boolean;
}

export interface BuildStep {
  readonly number: number;
  /** The instruction. */
  readonly words: string;
  /** Of the Dockerfile, from 1; 0 where they are not known. */
  readonly lines: { readonly first: number; readonly last: number };
  /** Numbers of steps that it begins with or takes files from. */
  readonly after: readonly number[];
  /** It makes files; others change the image's configuration only. */
  readonly makes: boolean;
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly cached?: boolean;
  readonly missed?: CacheMiss;
  readonly logLines: number;
}

/** Why a step was run: what is other than when it was last run. */
export interface CacheMiss {
  readonly reasons: readonly MissReason[];
  /** Files that have changed besides those that are named. */
  readonly moreFiles: number;
}

export type MissReason =
  | { readonly kind: 'file'; readonly change: 'changed' | 'added' | 'removed'; readonly path: string }
  | {
      readonly kind: 'argument';
      readonly name: string;
      readonly from?: string;
      readonly to?: string;
      readonly hidden: boolean;
    }
  | { readonly kind: 'base'; readonly reference: string; readonly from: string; readonly to: string }
  | { readonly kind: 'instruction'; readonly from: string; readonly to: string }
  | { readonly kind: 'earlier'; readonly step: number }
  | { readonly kind: 'settings' | 'no-cache' | 'removed' };

export type BuildLogLine =
  /** Milliseconds since the step was begun. */
  | { readonly at: number; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** So many lines were not kept. */
  | { readonly dropped: number };

/** A folder that was chosen or dropped, as a context. */
export interface BuildFolder {
  readonly path: string;
  /** Paths in it, the usual one first. */
  readonly dockerfiles: readonly string[];
  /** What would be sent. */
  readonly files: number;
  readonly bytes: number;
  /** Folders that are large and seldom needed, the largest first. */
  readonly large: readonly { readonly path: string; readonly bytes: number; readonly files: number }[];
}

/** What a Dockerfile offers to choose. */
export interface DockerfileOffers {
  readonly stages: readonly string[];
  readonly arguments: readonly { readonly name: string; readonly value?: string }[];
}

const form = z.strictObject({
  /** Was chosen or dropped before. */
  folder: text.min(1),
  /** Path in it. */
  dockerfile: text.min(1),
  target: text,
  arguments: z.array(z.strictObject({ name: z.string().min(1).max(255), value: z.string().max(65_536) })).max(200),
  /** Content as base64; empty in what is told of a build that was. */
  secrets: z
    .array(z.strictObject({ id: z.string().regex(/^[\w.-]{1,128}$/), content: z.string().max(700_000) }))
    .max(20),
  platform: z.string().max(64),
  /** A name for the image, or none. */
  reference: text,
  noCache: z.boolean(),
  pull: z.boolean(),
  /** Folders that are not sent, besides what .dockerignore says. */
  leaveOut: z.array(text.min(1)).max(100),
});
export type BuildForm = z.output<typeof form>;

/** What builds have left to be used again. */
export interface BuildCacheEntry {
  readonly id: string;
  /** BuildKit's names: `regular`, `exec.cachemount`, `source.local`, … */
  readonly kind: string;
  readonly description: string;
  readonly bytes: number;
  readonly inUse: boolean;
  readonly uses: number;
  readonly lastUsedAt?: string;
}

export const buildMethods = {
  /** Newest first, at once and after each change. */
  'builds.watch': stream(nothing).of<readonly Build[]>(),
  /** One of them with its steps, at once and after each change, until it has ended. */
  'builds.follow': stream(byId).of<BuildDetail>(),
  /** Output of a step, until it has ended. */
  'builds.log': stream(z.strictObject({ id, step: z.number().int().min(0).max(999_999) })).of<BuildLogLine>(),
  'builds.cancel': call(byId).gives<void>(),
  /** Forgets one that has ended. */
  'builds.remove': call(byId).gives<void>(),
  /** Asks for a folder in a dialog of the system; without one when none was chosen. */
  'builds.chooseFolder': call(nothing).gives<{ readonly folder?: string }>(),
  /** The folder that was dropped on the window last; none when it was a file. */
  'builds.dropped': call(nothing).gives<{ readonly folder?: string }>(),
  'builds.folder': call(
    z.strictObject({ folder: text.min(1), leaveOut: z.array(text.min(1)).max(100) }),
  ).gives<BuildFolder>(),
  'builds.offers': call(z.strictObject({ folder: text.min(1), dockerfile: text.min(1) })).gives<DockerfileOffers>(),
  /** Sends the folder to the host, which builds it; goes on without the page. */
  'builds.start': call(form).gives<{ readonly id: string }>(),
  /** How a build of this app was asked for, without what looks like a secret; none where it is not known. */
  'builds.again': call(byId).gives<{ readonly form?: BuildForm }>(),
  /** A container with a shell on the files that a step that failed began with; it goes when it is stopped. */
  'builds.shell': call(z.strictObject({ id, step: z.number().int().min(1).max(999_999) })).gives<{
    readonly container: string;
  }>(),
  'builds.cache': call(nothing).gives<readonly BuildCacheEntry[]>(),
  /** Of one, or of everything that no build uses. */
  'builds.clearCache': call(z.strictObject({ id: z.string().min(1).max(128).optional() })).gives<{
    readonly freed: number;
  }>(),
} as const;
