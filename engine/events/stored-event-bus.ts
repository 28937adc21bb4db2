import { type Channel, createChannel } from '../base/channel.ts';
import type { Records } from '../storage/records/records.ts';
import type { EngineEvent, EventBus, EventType, WatchOptions } from './event-bus.ts';

export interface StoredEventBusOptions {
  records: Records;
  /** After each event that was told. */
  told?: () => void;
  /** Rows kept for replay; older ones are dropped now and then. */
  keep?: number;
  /** Rows read at once, and how many live events may wait for a slow reader before it is sent back to the rows. */
  page?: number;
}

interface Watcher {
  /** Last sequence that was looked at for this reader. */
  seen: number;
  /** Events are pushed as they come; otherwise the reader takes them from the rows. */
  live: boolean;
  until: bigint | undefined;
  channel: Channel<EngineEvent>;
}

const nanosPerMillisecond = 1_000_000n;
const longestTimer = 2 ** 31 - 1;
/** Nanoseconds: a clock that is this far back was set; less may be many events in one of its milliseconds. */
const clockWasSet = 1_000_000_000n;

/**
 * Events as rows of the records: written in the transaction of the change they tell, handed out after it is durable.
 * Every reader follows the sequence of the rows, so that replay and live meet without a gap or a double, and a slow
 * reader costs no memory.
 */
export function createStoredEventBus(options: StoredEventBusOptions): EventBus {
  const { records, told, keep = 100_000, page = 1000 } = options;
  const rows = openRows(records);
  const watchers = new Set<Watcher>();
  let lastTime = 0n;

  const refill = (watcher: Watcher) => {
    let pushed = 0;
    do {
      const events = rows.after(watcher.seen, page);
      for (const event of events) {
        watcher.seen = event.sequence;
        // after a clock that was set back, earlier ones come later
        if (watcher.until !== undefined && event.timeNano > watcher.until) continue;
        watcher.channel.push(event);
        pushed++;
      }
      watcher.live = events.length < page;
    } while (!watcher.live && pushed === 0);
    if (watcher.live && watcher.until !== undefined && remaining(watcher.until) <= 0) watcher.channel.end();
  };
  const deliver = (event: EngineEvent) => {
    for (const watcher of watchers) {
      // A commit inside a delivery may have been seen by a refill already.
      if (!watcher.live || event.sequence <= watcher.seen) continue;
      if (watcher.until !== undefined && event.timeNano > watcher.until) {
        watcher.channel.end();
        continue;
      }
      watcher.seen = event.sequence;
      if (watcher.channel.push(event) >= page) watcher.live = false;
    }
  };

  return {
    record(event) {
      const now = BigInt(Date.now()) * nanosPerMillisecond;
      // Strictly growing, so that a time names one place in the order, unless somebody has set the clock back.
      lastTime = now > lastTime || lastTime - now > clockWasSet ? now : lastTime + 1n;
      const sequence = rows.insert(lastTime, event);
      if (sequence % page === 0) rows.dropUpTo(sequence - keep);
      const stored = { ...event, sequence, timeNano: lastTime };
      records.afterCommit(() => {
        told?.();
        deliver(stored);
      });
    },
    watchers: () => watchers.size,
    watch(watch: WatchOptions = {}) {
      let timer: NodeJS.Timeout | undefined;
      const channel = createChannel<EngineEvent>({
        onTake: (waiting) => {
          if (waiting === 0 && !watcher.live) refill(watcher);
        },
        onClose: () => {
          watchers.delete(watcher);
          clearTimeout(timer);
        },
      });
      const seen = watch.since === undefined ? rows.last() : rows.lastBefore(watch.since);
      const watcher: Watcher = { seen, live: false, until: watch.until, channel };
      watchers.add(watcher);
      refill(watcher);
      const left = watch.until === undefined ? 0 : remaining(watch.until);
      if (left > 0 && left <= longestTimer) timer = setTimeout(() => channel.end(), left).unref();
      return channel;
    },
  };
}

/** Milliseconds until then. */
const remaining = (until: bigint) => Number(until / nanosPerMillisecond) - Date.now();

function openRows(records: Records) {
  const { database } = records;
  const insert = database.prepare(
    'INSERT INTO events (time_ns, type, action, actor_id, attributes) VALUES (?, ?, ?, ?, ?)',
  );
  const after = database.prepare('SELECT * FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?');
  after.setReadBigInts(true);
  const last = database.prepare('SELECT coalesce(max(sequence), 0) AS n FROM events');
  const lastBefore = database.prepare('SELECT coalesce(max(sequence), 0) AS n FROM events WHERE time_ns < ?');
  const dropUpTo = database.prepare('DELETE FROM events WHERE sequence <= ?');
  return {
    insert(timeNano: bigint, { type, action, actor }: Pick<EngineEvent, 'type' | 'action' | 'actor'>): number {
      const done = insert.run(timeNano, type, action, actor.id, JSON.stringify(actor.attributes));
      return Number(done.lastInsertRowid);
    },
    after: (sequence: number, limit: number): EngineEvent[] =>
      after.all(sequence, limit).map((row) => ({
        sequence: Number(row.sequence),
        timeNano: row.time_ns as bigint,
        type: row.type as EventType,
        action: row.action as string,
        actor: { id: row.actor_id as string, attributes: JSON.parse(row.attributes as string) },
      })),
    last: () => Number(last.get()?.n),
    lastBefore: (timeNano: bigint) => Number(lastBefore.get(timeNano)?.n),
    dropUpTo: (sequence: number) => dropUpTo.run(sequence),
  };
}
