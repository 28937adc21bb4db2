import type { Failure } from './failure.ts';

/**
 * What is said over the MessagePort of one stream or duplex.
 *
 * Hand-over: `open` and `duplex` resolve to an id; the port itself arrives as a window `message` event of the own window
 * and origin with `data: PortArrival` and the port in `event.ports[0]`. It may arrive before or after the promise
 * resolves, so the listener must be there before the first `open` and keep early ports by id.
 *
 * Stream credit: main sends at most `STREAM_WINDOW` batches that have not been acknowledged; the renderer sends one `ack`
 * for each batch it has used. Bytes: the renderer sends no more bytes than main has granted by `grant` (it starts at 0,
 * the first grant comes at once). Bytes are posted without a transfer list: a transferred buffer does not arrive.
 *
 * End: exactly one of `end` or `failed`, then main closes the port. The renderer cancels by `cancel` (closing the port
 * means the same).
 */
export interface PortArrival {
  readonly belugaPort: string;
}

export type FromMain<Item> =
  | { readonly type: 'batch'; readonly items: readonly Item[] }
  | { readonly type: 'grant'; readonly bytes: number }
  | { readonly type: 'end' }
  | { readonly type: 'failed'; readonly failure: Failure };

export type FromRenderer =
  | { readonly type: 'ack' }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** No more bytes will come; the other side may still answer. */
  | { readonly type: 'finish' }
  | { readonly type: 'cancel' };

/** Batches on the way at one time. */
export const STREAM_WINDOW = 8;
