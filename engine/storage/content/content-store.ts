import type { Readable } from 'node:stream';
import type { Digest } from '../../base/digest.ts';

export interface ContentInfo {
  digest: Digest;
  /** Bytes. */
  size: number;
}

/** A blob being written; invisible until `commit`. One of `commit`, `abort` and `pause` must be called. */
export interface Ingest {
  /** Bytes already there (a resumed ingest starts behind them). */
  readonly offset: number;
  /** @throws EngineError `unavailable` with reason `storage.disk-full`. */
  write(chunk: Uint8Array): Promise<void>;
  /** Of what is there so far; lets a lease hold the blob before `commit` publishes it. */
  digest(): Digest;
  /**
   * Verifies size and digest, makes the bytes durable, then publishes. Committing what exists already is not an error.
   * @throws EngineError `invalid` with reason `image.digest-mismatch`; nothing stays behind.
   */
  commit(): Promise<ContentInfo>;
  abort(): Promise<void>;
  /** Closes it and keeps the bytes: an ingest of the same ref goes on behind them. */
  pause(): Promise<void>;
}

/** A blob that somebody else writes, as a thread does: a file that is there, with what came before. One of its calls ends it. */
export interface IngestFile {
  readonly path: string;
  /**
   * Publishes what its writer has verified, durably unless that comes later (storage/late-sync.ts). Committing what exists already
   * is not an error.
   */
  commit(verified: ContentInfo, options?: { isLate: boolean }): Promise<ContentInfo>;
  abort(): Promise<void>;
  /** Keeps the bytes: an ingest of the same ref goes on behind them. */
  pause(): void;
}

/** Immutable bytes named by their digest. */
export interface ContentStore {
  /** @throws EngineError `not-found`. */
  info(digest: Digest): Promise<ContentInfo>;
  /** The whole blob, or `length` bytes from `offset`. @throws EngineError `not-found`. */
  read(digest: Digest, range?: { offset: number; length?: number }): Promise<Readable>;
  /** For workers that read the file themselves; the path stays valid while a reference or lease holds the blob. */
  path(digest: Digest): string;
  /** @throws EngineError `conflict` while the same ref is being written. */
  ingest(ref: string, expected?: { digest?: Digest; size?: number }): Promise<Ingest>;
  /**
   * As `ingest`, for a writer that opens the file itself; what it has outlives the engine for a week, unless nobody could go
   * on with it (`resumable: false`). @throws EngineError `conflict`.
   */
  ingestFile(ref: string, options?: { resumable: boolean }): Promise<IngestFile>;
  list(): AsyncIterable<ContentInfo>;
  /** Bytes on the disk: of each blob, and of everything unfinished. */
  allocated(): Promise<{ blobs: ReadonlyMap<Digest, number>; unfinished: number }>;
  /** Takes effect before the promise is returned. @throws EngineError `not-found`. */
  delete(digest: Digest): Promise<void>;
  /** As `delete`, but `ingestFile('blob:DIGEST')` goes on with its bytes: it is whole then. @throws EngineError `not-found`. */
  setAside(digest: Digest): Promise<void>;
}
