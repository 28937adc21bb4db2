import type { Records } from '../records/records.ts';
import type { SnapshotInfo } from './snapshotter.ts';

export interface SnapshotRow extends SnapshotInfo {
  /** Name of its directory. */
  name: string;
}

/** The rows of `snapshots` (schema in storage/records). All calls are synchronous and join a running transaction. */
export interface SnapshotRecords {
  get(key: string): SnapshotRow | undefined;
  insert(row: SnapshotRow): void;
  /** Makes the active `key` the committed `name`, on a parent when one is given. */
  commit(name: string, key: string, usage: { bytes: number; inodes: number }, parent?: string | null): void;
  delete(key: string): void;
  hasChildren(key: string): boolean;
  all(): readonly SnapshotRow[];
}

export function openSnapshotRecords(records: Records): SnapshotRecords {
  const { database } = records;
  const get = database.prepare('SELECT * FROM snapshots WHERE key = ?');
  const insert = database.prepare(
    'INSERT INTO snapshots (key, parent, kind, name, bytes, inodes) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const commit = database.prepare(
    `UPDATE snapshots SET key = ?, kind = 'committed', bytes = ?, inodes = ?, parent = coalesce(?, parent)
     WHERE key = ? AND kind = 'active'`,
  );
  const remove = database.prepare('DELETE FROM snapshots WHERE key = ?');
  const child = database.prepare('SELECT 1 FROM snapshots WHERE parent = ? LIMIT 1');
  const all = database.prepare('SELECT * FROM snapshots ORDER BY key');
  return {
    get(key) {
      const row = get.get(key);
      return row && rowOf(row);
    },
    insert({ key, parent = null, kind, name, bytes, inodes }) {
      // whatever leads to it is written later: that it lasts makes this last
      records.lightTransaction(() => insert.run(key, parent, kind, name, bytes, inodes));
    },
    commit(name, key, { bytes, inodes }, parent = null) {
      records.lightTransaction(() => commit.run(name, bytes, inodes, parent, key));
    },
    delete(key) {
      records.transaction(() => remove.run(key));
    },
    hasChildren: (key) => child.get(key) !== undefined,
    all: () => all.all().map(rowOf),
  };
}

function rowOf(row: Record<string, unknown>): SnapshotRow {
  return {
    key: String(row.key),
    ...(row.parent !== null && { parent: String(row.parent) }),
    kind: row.kind === 'active' ? 'active' : 'committed',
    name: String(row.name),
    bytes: Number(row.bytes),
    inodes: Number(row.inodes),
  };
}
