import * as z from 'zod';
import { call, duplex, stream } from './shapes.ts';

/** An image's id or reference. */
const id = z.string().min(1).max(4096);

export interface LoadProgress {
  /** The engine's own words, one line. */
  readonly text: string;
  /** The reference or the id of an image that was loaded. */
  readonly reference?: string;
}

export type SaveProgress =
  /** Where to, as chosen in the system's dialog. */
  | { readonly type: 'file'; readonly path: string }
  /** Bytes so far. */
  | { readonly type: 'written'; readonly bytes: number }
  /** No file was chosen. */
  | { readonly type: 'none' };

/** One step of an image's making. */
export interface ImageStep {
  /** Absent where the image does not tell. */
  readonly command?: string;
  readonly createdAt?: string;
  readonly comment?: string;
  /** Bytes that it added. */
  readonly size: number;
  /** Absent of a step that changed no files. */
  readonly layer?: {
    readonly diffId: string;
    /** Ids of other images that have the same layer on the same ones. */
    readonly sharedWith: readonly string[];
  };
}

/** What the image gives to its containers. */
export interface ImageConfiguration {
  readonly environment: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string;
  readonly folder: string;
  readonly stopSignal: string;
  readonly shell: readonly string[];
  /** The check's command line and, as Go writes a span of time, how often. */
  readonly health?: readonly string[];
}

export interface ImageDetail {
  readonly id: string;
  readonly platform: string;
  readonly author: string;
  readonly comment: string;
  /** Bottom first. */
  readonly steps: readonly ImageStep[];
  readonly config: ImageConfiguration;
}

const prune = z.strictObject({
  /** `unnamed`: only images without a name; `unused`: all that no container uses. */
  what: z.enum(['unnamed', 'unused']),
  /** Only what was created so long ago. */
  olderThanHours: z.number().int().min(1).max(1_000_000).optional(),
});
export type PruneArg = z.output<typeof prune>;

export interface PrunePreview {
  readonly images: readonly { readonly id: string; readonly tags: readonly string[] }[];
  /** Bytes. */
  readonly freed: number;
  /** As the disk will have them; else added up from the list. */
  readonly exact: boolean;
}

export const imageMethods = {
  'images.remove': call(z.strictObject({ id, force: z.boolean().optional() })).gives<{
    readonly untagged: readonly string[];
    readonly deleted: readonly string[];
  }>(),
  'images.tag': call(z.strictObject({ id, reference: z.string().min(1).max(4096) })).gives<void>(),
  'images.detail': call(z.strictObject({ id })).gives<ImageDetail>(),
  /** The bytes of an archive (docker save or OCI layout, also compressed) in, what the engine says out. */
  'images.load': duplex(z.undefined()).of<LoadProgress>(),
  /** Asks for a file in a dialog of the system and writes the archive there; a file that is not whole is removed. */
  'images.save': stream(z.strictObject({ references: z.array(id).min(1).max(1000) })).of<SaveProgress>(),
  /** What `images.prune` of the same would remove. */
  'images.prunePreview': call(prune).gives<PrunePreview>(),
  'images.prune': call(prune).gives<{ readonly deleted: number; readonly freed: number }>(),
} as const;
