import type { Records } from '../../storage/records/records.ts';

/** One volume as the engine remembers it. */
export interface VolumeRecord {
  name: string;
  /** Nanoseconds since the epoch. */
  createdNano: bigint;
  labels?: Readonly<Record<string, string>>;
  options?: Readonly<Record<string, string>>;
  /** Container that it was made for and goes with, as long as that one is not written down. */
  madeFor?: string;
}

/** Rows of table `volumes`, also in memory; changes join the caller's transaction. */
export interface VolumeRows {
  /** Oldest first. */
  all(): readonly VolumeRecord[];
  find(name: string): VolumeRecord | undefined;
  put(record: VolumeRecord): void;
  remove(name: string): void;
}

export function openVolumeRows(records: Records): VolumeRows {
  const { database } = records;
  const select = database.prepare('SELECT name, created_ns, record FROM volumes ORDER BY created_ns, name');
  select.setReadBigInts(true);
  const put = database.prepare('INSERT OR REPLACE INTO volumes (name, created_ns, record) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM volumes WHERE name = ?');
  const volumes = new Map<string, VolumeRecord>();
  for (const { name, created_ns, record } of select.all()) {
    const rest = JSON.parse(String(record)) as Omit<VolumeRecord, 'name' | 'createdNano'>;
    volumes.set(String(name), { ...rest, name: String(name), createdNano: created_ns as bigint });
  }
  return {
    all: () => [...volumes.values()],
    find: (name) => volumes.get(name),
    put(record) {
      const { name, createdNano, ...rest } = record;
      put.run(name, createdNano, JSON.stringify(rest));
      records.afterCommit(() => void volumes.set(name, record));
    },
    remove(name) {
      remove.run(name);
      records.afterCommit(() => void volumes.delete(name));
    },
  };
}
