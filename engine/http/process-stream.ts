import type { Readable } from 'node:stream';
import { toEngineError } from '../base/errors.ts';
import type { ContainerService } from '../services/containers/container-service.ts';
import { isAtLeast } from './api-version.ts';
import type { DetachKeys } from './detach-keys.ts';
import { type HijackedConnection, hijack } from './hijack.ts';
import type { Exchange } from './route.ts';
import { drained, frame, multiplexedStream, pump, rawStream } from './stream.ts';
import { openWebSocket } from './web-socket.ts';

type ProcessStream = Awaited<ReturnType<ContainerService['streams']['attach']>>['stream'];

export interface ServedProcess {
  terminal: boolean;
  /** Else what the client sends is dropped. */
  stdin: boolean;
  /** The end of the client's input is the process's EOF; else the client has left, as at a terminal, which has no EOF but a key. */
  inputEnds: boolean;
  /** By which the client leaves; undefined: it cannot. */
  keys: DetachKeys | undefined;
  onDetached(): void;
  /** The JSON body was read (`readHijackBody`). */
  bodyRead?: boolean;
  /** Told on the stream, after its output. */
  failure?: string;
  /** Over a WebSocket, where both outputs are one, as in Docker. */
  webSocket?: boolean;
}

/** Since API 1.42 the two kinds of stream have names of their own (of a connection taken over only where it is upgraded). */
export const streamType = ({ version }: Exchange, terminal: boolean) =>
  terminal || !isAtLeast(version, [1, 42]) ? rawStream : multiplexedStream;

/** Client to process, until its input ends or it types its detach keys. (The CLI reads these itself, and leaves.) */
async function copyInput(
  { input, part }: HijackedConnection,
  stream: ProcessStream,
  { keys, onDetached, inputEnds }: Pick<ServedProcess, 'keys' | 'onDetached' | 'inputEnds'>,
): Promise<void> {
  const leave = async () => {
    part();
    await stream.close();
  };
  try {
    for await (const chunk of input.iterator({ destroyOnReturn: false })) {
      const found = keys ? keys.read(chunk as Buffer) : { data: chunk as Buffer, detached: false };
      if (found.data.length > 0) await stream.write(found.data);
      if (found.detached) {
        onDetached();
        return await leave();
      }
    }
    if (inputEnds) await stream.closeInput();
    else await leave();
  } catch {
    // the process has ended or the client is gone: the output side tells
    dropInput(input);
  }
}

/** Reads and drops what a client sends that nobody takes, so that its end is noticed. */
function dropInput(input: Readable): void {
  input.on('error', () => {});
  input.resume();
}

/** Joins a process (attach, exec) with its client's connection, which is taken over, until one of them ends. */
export async function serveProcess(x: Exchange, stream: ProcessStream, served: ServedProcess): Promise<void> {
  const { terminal, stdin, bodyRead = false, failure, webSocket = false } = served;
  const type = x.upgrade ? streamType(x, terminal) : rawStream;
  const connection = await (webSocket ? openWebSocket(x) : hijack(x, type, { bodyRead })).catch(async (error) => {
    await stream.close();
    throw error;
  });
  const { output, part } = connection;
  const chunksOf = (from: 'stdout' | 'stderr', data: Uint8Array) =>
    terminal || webSocket ? [data] : frame(from, data);
  const say = (from: 'stdout' | 'stderr', text: string) => {
    for (const chunk of chunksOf(from, Buffer.from(text))) output.write(chunk);
  };
  if (stdin) void copyInput(connection, stream, served);
  else dropInput(connection.input);
  if (!connection.halfOpen) connection.input.once('end', () => void stream.close());
  try {
    await pump(stream.output, output, ({ stream: from, data }) => chunksOf(from, data));
    if (failure) say('stdout', `${failure}\r\n`);
    await drained(output);
  } catch (error) {
    say('stderr', `${toEngineError(error).message}\n`);
  } finally {
    await stream.close();
    part();
  }
}
