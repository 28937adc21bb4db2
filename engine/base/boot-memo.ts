import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { bootId } from './process-identity.ts';

/** What took long to find out about the host, remembered in a file until the host is booted anew. */
export interface BootMemo {
  /**
   * The answer that was found before with the same `stamp`, else that of `find`, which is remembered.
   * @param stamp everything that the answer depends on, beside the kernel
   * @throws what `find` throws; that is not remembered
   */
  recall<T extends string | number | boolean>(what: string, stamp: string, find: () => Promise<T>): Promise<T>;
}

interface Remembered {
  stamp: string;
  answer: string | number | boolean;
}

/** Its name in the run root. */
export const memoFile = 'host.json';

const now = () => `${bootId()} ${release()}`;

function read(file: string): Map<string, Remembered> {
  try {
    const { boot, found } = JSON.parse(readFileSync(file, 'utf8')) as { boot?: string; found?: [string, Remembered][] };
    return boot === now() ? new Map(found) : new Map();
  } catch {
    // none, or only half of one
    return new Map();
  }
}

/** One process at a time uses a file; a folder that is not there, or is full, remembers nothing. */
export function openBootMemo(file: string): BootMemo {
  const found = read(file);
  return {
    async recall<T extends string | number | boolean>(what: string, stamp: string, find: () => Promise<T>) {
      const known = found.get(what);
      if (known?.stamp === stamp) return known.answer as T;
      const answer = await find();
      found.set(what, { stamp, answer });
      try {
        writeFileSync(`${file}.tmp`, JSON.stringify({ boot: now(), found: [...found] }), { mode: 0o600 });
        renameSync(`${file}.tmp`, file);
      } catch {
        // found out anew next time
      }
      return answer;
    },
  };
}

/** Tells whether a file is still the same: its place, inode, size and the nanosecond of its last change. */
export function fileStamp(file: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return [file, dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
