import { type Channel, createChannel, pulledChannel } from '../../base/channel.ts';
import { EngineError } from '../../base/errors.ts';
import type { OutputChunk, ProcessStream } from '../../drivers/oci/runtime.ts';

/** Clients that attach to containers before these run: each is connected between create and start, so it misses nothing. */
export interface AttachQueue {
  /** A stream that begins with the container's next start and ends without output when there is none. */
  wait(id: string): ProcessStream;
  /** Connects all who wait; call it before the first byte can be written. */
  connect(id: string, attach: () => Promise<ProcessStream>): Promise<void>;
  /** Ends the streams of those who still wait. */
  drop(id: string): void;
}

interface Waiting {
  settle(stream: ProcessStream): void;
}

export function createAttachQueue(): AttachQueue {
  const queues = new Map<string, Set<Waiting>>();
  const take = (id: string) => {
    const queue = queues.get(id) ?? new Set();
    queues.delete(id);
    return [...queue];
  };
  return {
    wait(id) {
      const queue = queues.get(id) ?? new Set();
      queues.set(id, queue);
      let leave = () => {};
      const connected = new Promise<ProcessStream>((resolve) => {
        const waiting: Waiting = { settle: resolve };
        queue.add(waiting);
        leave = () => {
          queue.delete(waiting);
          if (queue.size === 0 && queues.get(id) === queue) queues.delete(id);
          resolve(endedStream());
        };
      });
      return deferredStream(connected, () => leave());
    },
    async connect(id, attach) {
      const taken = take(id);
      try {
        for (const waiting of taken) waiting.settle(await attach());
      } finally {
        // whom the container did not wait for: who is connected already stays so
        for (const waiting of taken) waiting.settle(endedStream());
      }
    },
    drop(id) {
      for (const waiting of take(id)) waiting.settle(endedStream());
    },
  };
}

/** A stream that will be another one; `leave` settles it when the client goes first. */
function deferredStream(connected: Promise<ProcessStream>, leave: () => void): ProcessStream {
  return {
    output: pulledChannel({
      next: async () => (await connected).output.next(),
      return: async () => {
        leave();
        return (await connected).output.return();
      },
    }),
    write: async (data) => (await connected).write(data),
    closeInput: async () => (await connected).closeInput(),
    close: async () => {
      leave();
      await (await connected).close();
    },
  };
}

function endedStream(): ProcessStream {
  const output = createChannel<OutputChunk>();
  output.end();
  const gone = async () => {
    throw new EngineError('conflict', 'the container is not running', { reason: 'container.not-running' });
  };
  return { output, write: gone, closeInput: async () => {}, close: async () => {} };
}

/** The part of a stream that a client asked for: only these outputs, input only where it has it. */
export function selectStream(
  stream: ProcessStream,
  wanted: { stdin: boolean; stdout: boolean; stderr: boolean },
): ProcessStream {
  const { output } = stream;
  return {
    output: pulledChannel({
      async next() {
        for (;;) {
          const result = await output.next();
          if (result.done || wanted[result.value.stream]) return result;
        }
      },
      return: () => output.return(),
    }),
    write: async (data) => {
      if (wanted.stdin) await stream.write(data);
    },
    closeInput: async () => {
      if (wanted.stdin) await stream.closeInput();
    },
    close: () => stream.close(),
  };
}

/** What was written before, then the stream itself. */
export function precededBy(past: Channel<OutputChunk>, stream: ProcessStream): ProcessStream {
  let replaying = true;
  return {
    ...stream,
    output: pulledChannel({
      async next() {
        if (replaying) {
          const result = await past.next();
          if (!result.done) return result;
          replaying = false;
        }
        return stream.output.next();
      },
      return: async () => {
        await past.return();
        return stream.output.return();
      },
    }),
  };
}
