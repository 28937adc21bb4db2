import { Socket } from 'node:net';
import { createChannel } from '../../base/channel.ts';
import type { OutputChunk, ProcessStream } from './runtime.ts';

/** Ends of a process's streams that are the engine's. */
export interface ExecEnds {
  input: Socket | undefined;
  outputs: readonly { socket: Socket; stream: OutputChunk['stream'] }[];
  /** Input and output are one terminal, which has no half-close. */
  terminal: boolean;
}

export interface ExecStream {
  stream: ProcessStream;
  /** Closes our ends at once, and tells the client the end. */
  cut(): void;
  /** The process has ended: what is left is read, and everything is closed. */
  release(): void;
  /** Resolves once everything is closed. */
  closed: Promise<void>;
}

/** Chunks of at most 64 KiB that may wait for the client before the process is held back. */
const waitingChunks = 32;
/** Docker's patience with a child of the process that keeps the output open. */
const graceMilliseconds = 2000;

/** A reading end of a pipe. */
export const pipeReader = (descriptor: number) => new Socket({ fd: descriptor, readable: true, writable: false });

/** A writing end of a pipe. */
export const pipeWriter = (descriptor: number) => new Socket({ fd: descriptor, readable: false, writable: true });

/**
 * The streams of a process with one client. A slow client holds the process back, as a pipe does; one that has left
 * does not: what comes then is dropped.
 */
export function createExecStream({ input, outputs, terminal }: ExecEnds): ExecStream {
  const sockets = new Set([...outputs.map(({ socket }) => socket), ...(input ? [input] : [])]);
  const { promise: closed, resolve: tellClosed } = Promise.withResolvers<void>();
  let ended = false;
  let open = outputs.length;
  const resume = () => {
    for (const { socket } of outputs) socket.resume();
  };
  const output = createChannel<OutputChunk>({
    onTake: (waiting) => {
      if (waiting <= waitingChunks / 2) resume();
    },
    onClose: resume,
  });
  const finish = () => {
    if (!ended || open > 0) return;
    for (const socket of sockets) socket.destroy();
    output.end();
    tellClosed();
  };
  for (const { socket, stream } of outputs) {
    socket.on('data', (data: Buffer) => {
      if (output.push({ stream, data }) >= waitingChunks && !ended) socket.pause();
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      open -= 1;
      finish();
    });
  }
  for (const socket of sockets) {
    // EIO of a terminal that nobody holds any more, EPIPE of an input that nobody reads: the end tells
    socket.on('error', () => {});
    socket.unref();
  }
  return {
    stream: {
      output,
      write: (data) =>
        new Promise((resolve) => {
          if (!input?.writable) resolve();
          else {
            input.once('close', resolve);
            input.write(data, () => {
              input.off('close', resolve);
              resolve();
            });
          }
        }),
      closeInput: async () => {
        if (!terminal) input?.end();
      },
      close: async () => void (await output.return()),
    },
    cut() {
      for (const socket of sockets) socket.destroy();
      void output.return();
    },
    release() {
      ended = true;
      resume();
      finish();
      setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMilliseconds).unref();
    },
    closed,
  };
}
