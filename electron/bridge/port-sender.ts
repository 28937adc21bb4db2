import type { Failure } from './failure.ts';
import { type FromMain, STREAM_WINDOW } from './port-protocol.ts';

/** Items in a batch, and characters of text or bytes in it, at most. */
const MAX_ITEMS = 512;
const MAX_TEXT = 262_144;

/** Main's end of a MessagePort. */
export interface ServerPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start(): void;
  close(): void;
}

/** Sends items in batches and holds the sender back when the reader lags. */
export interface PortSender {
  /** Resolves when the next item may come. */
  push(item: unknown): Promise<void>;
  grant(bytes: number): void;
  acknowledge(): void;
  /** Says at once why nothing more comes. */
  refuse(failure: Failure): void;
  /** Sends what is left, then why it ended, and closes the port. */
  finish(failure?: Failure): Promise<void>;
}

function weightOf(item: unknown): number {
  if (typeof item !== 'object' || item === null) return 64;
  if ('bytes' in item && item.bytes instanceof Uint8Array) return item.bytes.length;
  return 'text' in item && typeof item.text === 'string' ? item.text.length : 64;
}

/** What is pushed in one turn of the event loop goes as one batch. After the abort nothing is sent any more. */
export function createPortSender(port: ServerPort, signal: AbortSignal): PortSender {
  let batch: unknown[] = [];
  let weight = 0;
  let inFlight = 0;
  let scheduled: NodeJS.Immediate | undefined;
  const waiting: (() => void)[] = [];

  const post = (message: FromMain<unknown>) => {
    if (!signal.aborted) port.postMessage(message);
  };
  const wake = () => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  signal.addEventListener('abort', wake, { once: true });

  const flush = () => {
    clearImmediate(scheduled);
    scheduled = undefined;
    if (batch.length === 0 || inFlight >= STREAM_WINDOW) return;
    inFlight += 1;
    post({ type: 'batch', items: batch });
    batch = [];
    weight = 0;
  };
  const isFull = () => batch.length >= MAX_ITEMS || weight >= MAX_TEXT;
  const acknowledged = () => new Promise<void>((resolve) => waiting.push(resolve));

  return {
    async push(item) {
      batch.push(item);
      weight += weightOf(item);
      if (!isFull()) scheduled ??= setImmediate(flush);
      else flush();
      // While the window is full the batch grows to its full size: only then is there a reason to wait.
      while (isFull() && !signal.aborted) await acknowledged();
    },
    grant: (bytes) => post({ type: 'grant', bytes }),
    acknowledge() {
      inFlight = Math.max(0, inFlight - 1);
      flush();
      wake();
    },
    refuse: (failure) => post({ type: 'failed', failure }),
    async finish(failure) {
      flush();
      while (batch.length > 0 && !signal.aborted) {
        await acknowledged();
        flush();
      }
      post(failure ? { type: 'failed', failure } : { type: 'end' });
      signal.removeEventListener('abort', wake);
      port.close();
    },
  };
}
