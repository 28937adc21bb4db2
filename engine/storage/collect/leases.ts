import { randomUUID } from 'node:crypto';
import type { Records } from '../records/records.ts';

/** What can be held: a blob by its digest, a snapshot by its key. */
export type HeldKind = 'content' | 'snapshot';

/** Keeps what unfinished work needs from being collected. Every call is synchronous. */
export interface Lease {
  readonly id: string;
  /** From now on it stays; holding it before looking whether it is there leaves no gap for the collector. */
  hold(kind: HeldKind, key: string): void;
  /** `unfinished`: the work will be begun again, and blobs that nothing else holds are set aside for it, not deleted. */
  release(end?: { unfinished: boolean }): void;
}

export interface Leases {
  /** `resumable`: when the engine is killed the work counts as unfinished. */
  open(options?: { resumable: boolean }): Lease;
  /** Ends all, also those of an engine that is gone. */
  releaseAll(): void;
  /** Digests of blobs that unfinished work had held, once each. */
  takeUnfinished(): ReadonlySet<string>;
  held(kind: HeldKind): ReadonlySet<string>;
}

/** Leases as rows: after a crash the next start knows what was unfinished. */
export function openLeases(records: Records): Leases {
  const { database } = records;
  const insert = database.prepare('INSERT INTO leases (id, created_ns) VALUES (?, ?)');
  const hold = database.prepare('INSERT OR IGNORE INTO lease_items (lease_id, kind, key) VALUES (?, ?, ?)');
  const release = database.prepare('DELETE FROM leases WHERE id = ?');
  const releaseAll = database.prepare('DELETE FROM leases');
  const contentOf = database.prepare("SELECT key FROM lease_items WHERE kind = 'content' AND lease_id = ?");
  const resumable = database.prepare("SELECT id FROM leases WHERE id LIKE 'resumable-%'");
  const unfinished = new Set<string>();
  const see = (id: string) => {
    for (const { key } of contentOf.all(id)) unfinished.add(String(key));
  };
  const held = database.prepare('SELECT DISTINCT key FROM lease_items WHERE kind = ?');
  return {
    open(options) {
      const id = `${options?.resumable ? 'resumable-' : ''}${randomUUID()}`;
      records.transaction(() => insert.run(id, BigInt(Date.now()) * 1_000_000n));
      return {
        id,
        hold: (kind, key) => void records.transaction(() => hold.run(id, kind, key)),
        release(end) {
          if (end?.unfinished) see(id);
          records.transaction(() => release.run(id));
        },
      };
    },
    releaseAll() {
      for (const { id } of resumable.all()) see(String(id));
      records.transaction(() => releaseAll.run());
    },
    takeUnfinished() {
      const all = new Set(unfinished);
      unfinished.clear();
      return all;
    },
    held: (kind) => new Set(held.all(kind).map((row) => String(row.key))),
  };
}
