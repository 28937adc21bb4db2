import type { LogMessage } from './collectors/collector.ts';
import type { LogPosition } from './forward-log.ts';

export interface MessageBatch {
  messages: readonly LogMessage[];
  bytes: number;
  /** What is reached when all of it is handed over. */
  position: LogPosition | undefined;
  /** Messages that were left out since the batch before. */
  dropped: number;
}

/** Messages that wait to be handed over, within a limit of bytes. */
export interface MessageQueue {
  /** Waits for room with `blocking`; else leaves the message out where there is none, as Docker does. */
  add(message: LogMessage, position: LogPosition | undefined): Promise<void>;
  /** What waits, at most some 64 KiB; undefined at the end. */
  take(): Promise<MessageBatch | undefined>;
  end(): void;
}

const batchBytes = 64 * 1024;

interface Item {
  message: LogMessage;
  bytes: number;
  position: LogPosition | undefined;
}

export function createMessageQueue(limit: { bytes: number; blocking: boolean; signal: AbortSignal }): MessageQueue {
  let items: Item[] = [];
  let waiting = 0;
  let dropped = 0;
  let ended = false;
  let wakeTaker = () => {};
  let wakeAdder = () => {};
  const wakeAll = () => {
    wakeTaker();
    wakeAdder();
  };
  limit.signal.addEventListener('abort', wakeAll, { once: true });
  const push = (item: Item) => {
    items.push(item);
    waiting += item.bytes;
    wakeTaker();
  };
  const hasRoom = (bytes: number) => items.length === 0 || waiting + bytes <= limit.bytes;
  return {
    async add(message, position) {
      const bytes = Buffer.byteLength(message.text);
      while (!hasRoom(bytes) && limit.blocking && !limit.signal.aborted) {
        await new Promise<void>((resolve) => {
          wakeAdder = resolve;
        });
      }
      if (hasRoom(bytes)) return push({ message, bytes, position });
      dropped++;
      // what was left out counts as reached with what is before it
      const before = items.at(-1);
      if (before && position) before.position = position;
    },
    async take() {
      while (items.length === 0) {
        if (ended || limit.signal.aborted) return undefined;
        await new Promise<void>((resolve) => {
          wakeTaker = resolve;
        });
      }
      let count = 0;
      let bytes = 0;
      while (count < items.length && (count === 0 || bytes < batchBytes)) bytes += items[count++]?.bytes ?? 0;
      const taken = items.slice(0, count);
      items = items.slice(count);
      waiting -= bytes;
      wakeAdder();
      const position = taken.findLast((item) => item.position)?.position;
      const left = dropped;
      dropped = 0;
      return { messages: taken.map(({ message }) => message), bytes, position, dropped: left };
    },
    end() {
      ended = true;
      wakeTaker();
    },
  };
}
