import type { Records } from '../../storage/records/records.ts';
import type { CacheType } from './build-service.ts';

/** What builds keep in a folder of its own, `<data root>/build/<kind>/<id>`; the words are BuildKit's of its types. */
export interface KeptFolder {
  /** 25 hex digits. */
  id: string;
  type: CacheType;
  description: string;
  /** Below `<data root>/build`. */
  folder: string;
  /** Of a download: what its server said of it. */
  download?: StoredDownload;
  created: Date;
  lastUsed: Date;
  uses: number;
}

export interface StoredDownload {
  /** A hash of its address. */
  of: string;
  /** `sha256:…` of the body. */
  digest: string;
  etag?: string;
  lastModified?: string;
}

/** The rows of `build_kept` (schema in storage/records). Synchronous. */
export interface KeptFolders {
  find(id: string): KeptFolder | undefined;
  /** Counts as a use; makes the row where there is none. */
  put(item: Omit<KeptFolder, 'created' | 'lastUsed' | 'uses'>): void;
  all(): readonly KeptFolder[];
  delete(id: string): void;
}

type StoredItem = Pick<KeptFolder, 'description' | 'folder' | 'download'>;

export function openKeptFolders(records: Records): KeptFolders {
  const { database } = records;
  const find = database.prepare('SELECT * FROM build_kept WHERE id = ?');
  const put = database.prepare(
    `INSERT INTO build_kept (id, type, created_ms, used_ms, uses, record) VALUES (?1, ?2, ?3, ?3, 1, ?4)
     ON CONFLICT (id) DO UPDATE SET used_ms = excluded.used_ms, uses = uses + 1, record = excluded.record`,
  );
  const all = database.prepare('SELECT * FROM build_kept ORDER BY used_ms DESC, id');
  const remove = database.prepare('DELETE FROM build_kept WHERE id = ?');
  const stored = (row: Record<string, unknown>): KeptFolder => ({
    ...(JSON.parse(String(row.record)) as StoredItem),
    id: String(row.id),
    type: row.type as KeptFolder['type'],
    created: new Date(Number(row.created_ms)),
    lastUsed: new Date(Number(row.used_ms)),
    uses: Number(row.uses),
  });
  return {
    find(id) {
      const row = find.get(id);
      return row && stored(row);
    },
    put({ id, type, description, folder, download }) {
      const record: StoredItem = { description, folder, ...(download && { download }) };
      records.transaction(() => put.run(id, type, Date.now(), JSON.stringify(record)));
    },
    all: () => all.all().map(stored),
    delete: (id) => void records.transaction(() => remove.run(id)),
  };
}
