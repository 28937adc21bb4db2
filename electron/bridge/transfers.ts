import * as z from 'zod';
import { call, stream } from './shapes.ts';

const reference = z.string().min(1).max(4096);
const byId = z.strictObject({ id: z.string().min(1).max(255) });
const nothing = z.undefined();

type Params = Readonly<Record<string, string | number>>;

/** An image on its way from or to a registry, as the engine tells; where it does not, put together from Docker's words. */
export interface Transfer {
  readonly id: string;
  readonly kind: 'pull' | 'push';
  /** It can be paused, and its layers tell who served them. */
  readonly detailed: boolean;
  readonly reference: string;
  readonly platform?: string;
  /** `client`: it ends with the connection that began it. */
  readonly owner: 'client' | 'engine';
  readonly state: 'running' | 'paused' | 'done' | 'failed' | 'cancelled';
  /** Milliseconds since the epoch, as all times here. */
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Bottom first; empty until the manifest is there. */
  readonly layers: readonly TransferLayer[];
  /** Bytes that have come, and all that have to. */
  readonly current: number;
  readonly total: number;
  /** Bytes a second. */
  readonly speed: number;
  /** Decisions about endpoints in their order. */
  readonly log: readonly TransferNote[];
  /** Of the index or manifest. */
  readonly digest?: string;
  readonly imageId?: string;
  /** Whose word it is that the tag means this digest; not verified: only a mirror's. */
  readonly tagFrom?: { readonly endpoint: string; readonly verified: boolean };
  readonly error?: { readonly message: string; readonly reason?: string; readonly params?: Params };
}

export interface TransferLayer {
  readonly digest: string;
  /** Bytes as they are sent. */
  readonly size: number;
  readonly current: number;
  readonly state: 'waiting' | 'downloading' | 'downloaded' | 'done' | 'there';
  readonly speed: number;
  readonly servedBy: readonly { readonly endpoint: string; readonly bytes: number }[];
  /** Bytes from an earlier try. */
  readonly kept: number;
}

/** One decision about an endpoint. */
export interface TransferNote {
  readonly at: number;
  readonly endpoint: string;
  readonly role: 'upstream' | 'mirror';
  readonly what: 'tag' | 'manifest' | 'config' | 'layer';
  readonly digest?: string;
  readonly event: 'served' | 'failed' | 'slow' | 'hedged' | 'passed-over';
  readonly offset?: number;
  readonly bytes?: number;
  /** Milliseconds. */
  readonly took?: number;
  readonly status?: number;
  readonly reason?: string;
  readonly params?: Params;
  readonly message?: string;
}

export interface FoundNames {
  readonly names: readonly {
    readonly registry: string;
    readonly name: string;
    readonly official?: boolean;
    readonly description?: string;
  }[];
  /** Registries that cannot be searched, and why. */
  readonly unsearchable: readonly { readonly registry: string; readonly message: string }[];
  /** False of a host that cannot be asked. */
  readonly known: boolean;
}

export interface FoundTags {
  readonly tags: readonly string[];
  readonly endpoint: string;
  readonly known: boolean;
}

export const transferMethods = {
  /** All that are under way or ended lately, newest first, and again whenever one changed. */
  'transfers.watch': stream(nothing).of<readonly Transfer[]>(),
  /** Goes on without the page; with a Beluga engine also without the app. Its login is looked for by the registry's host. */
  'transfers.pull': call(z.strictObject({ reference, platform: z.string().max(64).optional() })).gives<{
    readonly id: string;
  }>(),
  'transfers.push': call(z.strictObject({ reference })).gives<{ readonly id: string }>(),
  'transfers.pause': call(byId).gives<void>(),
  'transfers.resume': call(byId).gives<void>(),
  /** Ends it at once; one that has ended is forgotten. */
  'transfers.cancel': call(byId).gives<void>(),
  /** Repositories whose names go on like this, of the registries that can be searched. */
  'registries.names': call(z.strictObject({ text: z.string().max(255) })).gives<FoundNames>(),
  /** The tags of a repository. */
  'registries.tags': call(z.strictObject({ name: z.string().min(1).max(4096) })).gives<FoundTags>(),
} as const;
