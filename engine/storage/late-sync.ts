import type { Records } from './records/records.ts';

/**
 * What is made again when it is lost need not be on the disk before the next thing begins. Until `flush` such things count for
 * as long as the machine runs: after another boot they are taken for lost.
 */
export interface LateSync {
  /** Does work that writes something with its record, neither of which is waited for. @throws what the work throws */
  write<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when all that was written before is on the disk. Before a record that has to last leads to it. */
  flush(): Promise<void>;
}

export interface LateSyncParts {
  records: Records;
  /** Identifies the boot of the machine. */
  boot: string;
  /** Resolves when everything of the filesystem is on the disk. */
  sync(): Promise<void>;
  /** The machine went down in between: forgets what was written. Within the transaction that notes it. */
  lost(): void;
}

const key = 'unsynced';

/** Looks at once whether something was lost. */
export function openLateSync({ records, boot, sync, lost }: LateSyncParts): LateSync {
  const { database } = records;
  const get = database.prepare('SELECT value FROM meta WHERE key = ?');
  const put = database.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  const clear = database.prepare('DELETE FROM meta WHERE key = ?');
  const found = get.get(key)?.value;
  if (found !== undefined && found !== boot)
    records.transaction(() => {
      lost();
      clear.run(key);
    });
  /** Whether the records say that something is under way. */
  let isMarked = found === boot;
  /** Of works: how many go on, how many have ended, and how many of these are on the disk. */
  let going = 0;
  let written = isMarked ? 1 : 0;
  let synced = 0;
  return {
    async write(work) {
      going++;
      try {
        // lasting: what follows may reach the disk by itself, in any order
        if (!isMarked) records.transaction(() => put.run(key, boot));
        isMarked = true;
        return await work();
      } finally {
        going--;
        written++;
      }
    },
    async flush() {
      const upTo = written;
      if (upTo === synced) return;
      await sync();
      synced = Math.max(synced, upTo);
      // what was still being written may have missed it
      if (going > 0 || written !== synced || !isMarked) return;
      records.lightTransaction(() => clear.run(key));
      isMarked = false;
    },
  };
}
