import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import { closeSegment, type LogSegment, openSegment, readSegment, type UseBytes } from './log-segments.ts';

/** Who is to have the present file open before it is moved away. */
const followers = new Map<string, Set<() => void>>();

/** Before the file of a log moves on: whoever follows it takes hold of it, for its name will lead to the next one. */
export function tellFollowers(file: string): void {
  for (const look of followers.get(file) ?? []) look();
}

/** Files that wait for a follower who falls behind; older ones are left out, for he would keep them all on the disk. */
const mostWaiting = 8;

/** The file that a follower reads, and those that came after it: from when it is held on, none is missed. */
export interface HeldLog {
  present: LogSegment;
  /** Takes hold of what the name leads to now. */
  look(): void;
  /** Whether there is a next one; then nothing more is written to the present one. */
  hasNext(): boolean;
  /** The next one becomes the present one. */
  advance(): void;
  close(): void;
}

/** @param first the newest file, opened in the same turn of the event loop; it is closed with the rest. */
export function holdLog(file: string, first: LogSegment): HeldLog {
  const waiting: LogSegment[] = [];
  const chain: HeldLog = {
    present: first,
    look() {
      const segment = openSegment(file);
      if (!segment) return;
      const newest = waiting.at(-1) ?? chain.present;
      if (segment.inode === newest.inode) return closeSegment(segment);
      waiting.push(segment);
      if (waiting.length <= mostWaiting) return;
      const [left] = waiting.splice(0, 1);
      if (left) closeSegment(left);
    },
    hasNext: () => waiting.length > 0,
    advance() {
      const next = waiting.shift();
      if (!next) return;
      closeSegment(chain.present);
      chain.present = next;
    },
    close() {
      const all = followers.get(file);
      all?.delete(chain.look);
      if (all?.size === 0) followers.delete(file);
      for (const segment of [chain.present, ...waiting.splice(0)]) closeSegment(segment);
    },
  };
  followers.set(file, (followers.get(file) ?? new Set()).add(chain.look));
  return chain;
}

/** Tells that a file was written to, or another came in its place. */
interface Changes {
  next(): Promise<void>;
  close(): void;
}

function watchChanges(file: string): Changes {
  const name = path.basename(file);
  let changed = true;
  let wake = () => {};
  const tell = () => {
    changed = true;
    wake();
  };
  const watcher: FSWatcher = watch(path.dirname(file), { persistent: false }, (_, which) => {
    if (which === null || which === name) tell();
  });
  watcher.on('error', tell);
  return {
    async next() {
      if (!changed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      changed = false;
    },
    close() {
      watcher.close();
      tell();
    },
  };
}

export interface FollowLog {
  file: string;
  chain: HeldLog;
  /** Where to begin in the chain's present file. */
  from: number;
  /** Goes on until this resolves and everything is read. */
  until: Promise<unknown>;
  signal?: AbortSignal | undefined;
  /** `use` gets which file the bytes are from, too. */
  use(bytes: Buffer, offset: number, segment: LogSegment): Promise<boolean>;
}

/** Reads what is written to a log until it ends, over any number of rotations. */
export async function followLog({ file, chain, from, until, signal, use }: FollowLog): Promise<void> {
  let ended = false;
  let changes: Changes | undefined;
  const stop = () => {
    ended = true;
    changes?.close();
  };
  try {
    changes = watchChanges(file);
    until.then(stop, stop);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
    const give: UseBytes = (bytes, offset) => use(bytes, offset, chain.present);
    for (let at = from; ; ) {
      await changes.next();
      // asked before reading: what was written before the end is read after it
      const last = ended;
      chain.look();
      for (let goesOn = true; goesOn; ) {
        // asked before reading, too
        goesOn = chain.hasNext();
        const read = await readSegment(chain.present, at, give);
        if (read.stopped || signal?.aborted) return;
        at = goesOn ? 0 : read.offset;
        if (goesOn) chain.advance();
      }
      if (last) return;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    changes?.close();
  }
}
