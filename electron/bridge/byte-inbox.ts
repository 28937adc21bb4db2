/** How many bytes may be on the way from the renderer at one time. */
export const BYTE_WINDOW = 1_048_576;

/** The bytes of a duplex, in the order they came. */
export interface ByteInbox extends AsyncIterable<Uint8Array> {
  /** False when more came than was granted. */
  put(bytes: Uint8Array): boolean;
  /** No more will come. */
  finish(): void;
}

/** Makes one that grants `BYTE_WINDOW` at once and then as much as was taken out. It ends early at the abort. */
export function createByteInbox(grant: (bytes: number) => void, signal: AbortSignal): ByteInbox {
  const queue: Uint8Array[] = [];
  let waiting = 0;
  let finished = false;
  let wake: (() => void) | undefined;
  const stir = () => wake?.();
  signal.addEventListener('abort', stir, { once: true });
  grant(BYTE_WINDOW);

  async function* read(): AsyncGenerator<Uint8Array> {
    while (!signal.aborted) {
      const bytes = queue.shift();
      if (bytes) {
        waiting -= bytes.length;
        yield bytes;
        grant(bytes.length);
      } else if (finished) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    throw new Error('The upload was cancelled.');
  }

  return {
    put(bytes) {
      waiting += bytes.length;
      queue.push(bytes);
      stir();
      return waiting <= BYTE_WINDOW;
    },
    finish() {
      finished = true;
      stir();
    },
    [Symbol.asyncIterator]: read,
  };
}
