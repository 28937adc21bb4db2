import type { Channel } from '../../base/channel.ts';
import type { TagSource } from '../../registry/mirrors/repository-sources.ts';
import type { SourceNote } from '../../registry/mirrors/source.ts';
import type { PullMessage } from '../images/image-service.ts';
import type { RegistryLogin } from '../registries/registry-service.ts';

/** A pull as it stands, of whichever client: GET /beluga/transfers. Times are milliseconds since the epoch. */
export interface Transfer {
  id: string;
  /** Familiar form: `node:22`, `ghcr.io/acme/app@sha256:…`. */
  reference: string;
  /** `linux/arm64`, where one was asked for. */
  platform?: string;
  /** `client`: it ends with its connection. `engine`: begun by POST /beluga/transfers, goes on without one. */
  owner: 'client' | 'engine';
  state: 'running' | 'paused' | 'done' | 'failed' | 'cancelled';
  startedAt: number;
  endedAt?: number;
  /** Bottom first; empty until the manifest is there. */
  layers: readonly TransferLayer[];
  /** Bytes of the layers that have come, and of all that have to; what was there already is in neither. */
  current: number;
  total: number;
  /** Bytes per second of the last seconds. */
  speed: number;
  /** Decisions in their order; the oldest are dropped after 500. */
  log: readonly TransferNote[];
  /** Digest of the index or manifest that the name means. */
  digest?: string;
  /** Set when it is `done`. */
  imageId?: string;
  /** Whose word it is that the tag means this digest. */
  tagFrom?: TagSource;
  /** Set when it has `failed`. */
  error?: TransferError;
}

export interface TransferError {
  message: string;
  reason?: string;
  params?: Readonly<Record<string, string | number>>;
}

export interface TransferLayer {
  digest: string;
  /** Bytes as they are sent. */
  size: number;
  current: number;
  state: 'waiting' | 'downloading' | 'downloaded' | 'done' | 'there';
  /** Bytes per second, while it comes. */
  speed: number;
  /** In the order in which they first gave something; `kept`: from an earlier try. */
  servedBy: readonly { endpoint: string; bytes: number }[];
  kept: number;
}

/** One decision about an endpoint. */
export interface TransferNote extends SourceNote {
  at: number;
}

export interface TransferRequest {
  reference: string;
  platform?: string;
  /** For the registry of the reference, and nowhere else. */
  login?: RegistryLogin;
}

/** A pull that is to be seen, and held, while it goes on. */
export interface TransferRun {
  /** Familiar form. */
  reference: string;
  platform: string | undefined;
  owner: Transfer['owner'];
  /** Of an earlier engine, which goes on under its id. */
  id?: string;
  /** Aborted when its client leaves. */
  signal: AbortSignal;
}

/** What images need to know of transfers; transfers implement it. */
export interface TransferDesk {
  /** Runs the work, again after a pause; `tell` keeps the books. @throws what the work throws, EngineError `cancelled`. */
  run(
    transfer: TransferRun,
    work: (signal: AbortSignal, tell: (message: PullMessage) => void) => Promise<void>,
  ): Promise<void>;
}

/** Pulls as they stand, and those that belong to nobody's connection. */
export interface TransferService {
  /** Newest first. */
  list(): readonly Transfer[];
  /** The list at once and after each change, at most five times a second; leaving the loop ends it. */
  watch(): Channel<readonly Transfer[]>;
  /** Begins a pull of the engine's own. @throws EngineError `invalid` (`image.reference-invalid`, `image.platform-invalid`). */
  begin(request: TransferRequest): string;
  /** What an engine before this one did not end goes on. */
  goOn(): void;
  /** @throws EngineError `not-found` (`transfer.not-found`), `conflict` (`transfer.ended`). */
  pause(id: string): void;
  resume(id: string): void;
  /** Ends it at once; one that has ended is forgotten. @throws EngineError `not-found` (`transfer.not-found`). */
  cancel(id: string): Promise<void>;
}
