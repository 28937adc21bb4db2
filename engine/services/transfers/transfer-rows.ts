import type { Records } from '../../storage/records/records.ts';

/** `record` of the table `transfers`: what it takes to begin it again. No login: a secret is never written. */
export interface StoredTransfer {
  reference: string;
  platform?: string;
  paused: boolean;
}

/** The rows of `transfers` (schema in storage/records). */
export interface TransferRows {
  all(): readonly (readonly [id: string, transfer: StoredTransfer])[];
  put(id: string, transfer: StoredTransfer): void;
  /** Of one that is not kept nothing changes. */
  setPaused(id: string, paused: boolean): void;
  remove(id: string): void;
}

export function openTransferRows({ database }: Pick<Records, 'database'>): TransferRows {
  const all = database.prepare('SELECT id, record FROM transfers ORDER BY id');
  const put = database.prepare('INSERT OR REPLACE INTO transfers (id, record) VALUES (?, ?)');
  const pause = database.prepare(`UPDATE transfers SET record = json_set(record, '$.paused', json(?2)) WHERE id = ?1`);
  const remove = database.prepare('DELETE FROM transfers WHERE id = ?');
  return {
    all: () => all.all().map((row) => [String(row.id), JSON.parse(String(row.record)) as StoredTransfer] as const),
    put: (id, transfer) => void put.run(id, JSON.stringify(transfer)),
    setPaused: (id, paused) => void pause.run(id, JSON.stringify(paused)),
    remove: (id) => void remove.run(id),
  };
}
