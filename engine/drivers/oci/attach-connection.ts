import type { Socket } from 'node:net';
import { type Channel, createChannel } from '../../base/channel.ts';
import { EngineError } from '../../base/errors.ts';
import type { AttachLimits, AttachTarget } from './attach-hub.ts';
import { createOutputSpool, type OutputSpool } from './output-spool.ts';
import type { OutputChunk, ProcessStream } from './runtime.ts';

/** The engine's one connection to a container's conmon, and the clients that share it. */
export interface AttachConnection {
  open(): ProcessStream;
  close(): void;
}

/** conmon reads at most 32 KiB of one packet and loses the rest. */
const inputPiece = 16 * 1024;
const stderrPacket = 3;

interface Client {
  channel: Channel<OutputChunk>;
  /** What it has not taken, beyond what waits in the channel. */
  spool: OutputSpool;
  /** The channel has as much as may wait in it: what comes goes to the spool. */
  full: boolean;
}

interface Dependencies {
  socket: Socket;
  target: AttachTarget;
  limits: AttachLimits;
  onClose(): void;
}

/** Hands output out. No client holds the container, or another client, back. */
function createFanOut({ waitingChunks, spoolBytes, spoolDirectory }: AttachLimits) {
  const clients = new Set<Client>();
  let ended = false;
  const remove = (client: Client) => {
    client.spool.close();
    clients.delete(client);
  };
  const cutOff = (client: Client, why: string) => {
    client.channel.fail(new EngineError('cancelled', `the client did not read the container's output, ${why}`));
    remove(client);
  };
  const refill = (client: Client) => {
    for (;;) {
      const chunk = client.spool.take();
      if (!chunk) break;
      client.full = client.channel.push(chunk) >= waitingChunks;
      if (client.full) return;
    }
    if (ended && clients.has(client)) {
      client.channel.end();
      remove(client);
    }
  };
  const keep = (client: Client, chunk: OutputChunk) => {
    if (client.spool.waiting + chunk.data.length > spoolBytes) {
      return cutOff(client, `of which ${spoolBytes} bytes wait, and was cut off`);
    }
    try {
      client.spool.add(chunk);
    } catch (error) {
      cutOff(client, `and it cannot be kept: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return {
    add(): Client {
      const client: Client = {
        channel: createChannel<OutputChunk>({
          onTake: (waiting) => {
            if (waiting > waitingChunks / 2 || !clients.has(client)) return;
            client.full = false;
            refill(client);
          },
          onClose: () => remove(client),
        }),
        spool: createOutputSpool(spoolDirectory),
        full: false,
      };
      clients.add(client);
      return client;
    },
    send(chunk: OutputChunk) {
      for (const client of [...clients]) {
        if (client.full) keep(client, chunk);
        else client.full = client.channel.push(chunk) >= waitingChunks;
      }
    },
    end() {
      ended = true;
      for (const client of [...clients]) refill(client);
    },
  };
}

/** One packet per write: two that wait would be joined into one that is too long. */
async function writePieces(socket: Socket, data: Uint8Array): Promise<void> {
  for (let offset = 0; offset < data.length; offset += inputPiece) {
    const piece = data.subarray(offset, offset + inputPiece);
    await new Promise<void>((resolve, reject) => {
      socket.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** Serves clients over a connected attach socket (conmon's `--full-attach`): packets of one byte of stream and data. */
export function createAttachConnection({ socket, target, limits, onClose }: Dependencies): AttachConnection {
  const output = createFanOut(limits);
  let input: Promise<void> = Promise.resolve();
  let inputEnded = !target.openStdin;

  socket.on('data', (packet: Buffer) => {
    output.send({ stream: packet[0] === stderrPacket ? 'stderr' : 'stdout', data: packet.subarray(1) });
  });
  const closed = () => {
    output.end();
    onClose();
  };
  socket.on('error', () => {});
  socket.once('end', () => socket.destroy());
  socket.once('close', closed);
  socket.unref();

  const queued = (work: () => Promise<void>): Promise<void> => {
    const done = input.then(work);
    input = done.catch(() => {});
    return done;
  };
  return {
    open() {
      const client = output.add();
      return {
        output: client.channel,
        write: (data) => queued(async () => (inputEnded || socket.destroyed ? undefined : writePieces(socket, data))),
        closeInput: () =>
          queued(async () => {
            if (inputEnded || !target.stdinOnce || target.terminal) return;
            inputEnded = true;
            await new Promise<void>((resolve) => socket.end(() => resolve()));
          }),
        close: async () => void (await client.channel.return()),
      };
    },
    close() {
      socket.destroy();
    },
  };
}
