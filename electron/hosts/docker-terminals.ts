import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerInspectResponse } from '@docker/node-sdk';
import type { TerminalCalls, TerminalConnection, TerminalSize } from '../../engine/compose/docker-host.ts';
import type { BelugaExecConfig, BelugaExecCreated } from '../../engine/http/extension-types.ts';
import { HostError, toHostError } from './host-error.ts';
import { readLogFrames } from './log-frames.ts';

/** What is asked of the host's API; each fails with a `HostError`. */
export interface TerminalRequests {
  /** The answer's body as JSON; undefined when it has none. */
  json<T>(method: 'GET' | 'POST', path: string, options?: RequestOptions): Promise<T>;
  /** Takes the connection over (Docker Engine API, "Hijacking"). */
  hijack(path: string, options?: RequestOptions): Promise<Socket>;
}

interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: object;
}

/** Bytes of an answer to `ask`, at most. */
const ANSWER_LIMIT = 65_536;
/** A process's output ends a moment before its end is known: so often, with so many milliseconds between, it is asked about. */
const END_TRIES = 40;
const END_PAUSE = 50;
/**
 * Docker's API has no way to end an exec, and one that is silent outlives its client: so the foreground is interrupted
 * and the shell's input ended, as a person would, where the host is no Beluga, which hangs up.
 */
const farewell = '\x03\x04';

const lost = (error: unknown) =>
  error instanceof HostError
    ? error
    : new HostError('unavailable', 'The terminal lost its engine.', { reason: 'engine.not-answering' });

/** What the process writes; ends at its end and at our close. */
async function* outputOf(socket: Socket): AsyncGenerator<Uint8Array> {
  let closed = false;
  socket.once('close', () => {
    closed = true;
  });
  try {
    yield* socket;
  } catch (error) {
    if (!closed || socket.errored) throw lost(toHostError(error));
  }
}

async function* unframed(socket: Socket): AsyncGenerator<Uint8Array> {
  for await (const { data } of readLogFrames(outputOf(socket))) yield data;
}

function writeTo(socket: Socket, bytes: Uint8Array): Promise<void> {
  if (!socket.writable || socket.write(bytes)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

function connectionOf(
  socket: Socket,
  parts: Pick<TerminalConnection, 'tty' | 'writable' | 'resize' | 'exitCode'>,
): TerminalConnection {
  // a failure is told by the output, and there may be none left who reads it
  socket.on('error', () => undefined);
  return {
    ...parts,
    output: parts.tty ? outputOf(socket) : unframed(socket),
    write: (bytes) => writeTo(socket, bytes),
    close: () => socket.destroy(),
  };
}

const path = (kind: 'containers' | 'exec', id: string, action: string) =>
  `/${kind}/${encodeURIComponent(id)}/${action}`;
const sizeQuery = ({ columns, rows }: TerminalSize) => ({ w: columns, h: rows });

/** Tells the connection itself whether we have closed it. */
function untilLeft(make: (left: () => boolean) => TerminalConnection): TerminalConnection {
  let hasLeft = false;
  const connection = make(() => hasLeft);
  const close = () => {
    hasLeft = true;
    connection.close();
  };
  return { ...connection, close };
}

/** Undefined where the main process goes on. */
async function exitCodeOnceEnded(
  inspect: () => Promise<ContainerInspectResponse>,
  left: () => boolean,
): Promise<number | undefined> {
  for (let tries = 1; ; tries++) {
    const { State: now } = await inspect();
    if (!now?.Running) return now?.ExitCode;
    if (left() || tries === END_TRIES) return undefined;
    await sleep(END_PAUSE);
  }
}

/** Execs and attaches over Docker's API. */
export function dockerTerminals({ json, hijack }: TerminalRequests): TerminalCalls {
  const createExec = (id: string, body: object) =>
    json<BelugaExecCreated>('POST', path('containers', id, 'exec'), { body });
  const exitCodeOf = async (exec: string) =>
    (await json<{ ExitCode?: number | null }>('GET', path('exec', exec, 'json'))).ExitCode ?? undefined;

  return {
    async exec(id, { command, user, size }) {
      const hangUp: BelugaExecConfig = { BelugaHangUp: true };
      const { Id: exec, BelugaHangUp: hangsUp } = await createExec(id, {
        ...hangUp,
        Cmd: command,
        ...(user === undefined ? {} : { User: user }),
        Env: ['TERM=xterm-256color'],
        ConsoleSize: [size.rows, size.columns],
        Tty: true,
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        // what a person types is theirs: no key leaves the shell
        DetachKeys: '',
      });
      const body = { Detach: false, Tty: true, ConsoleSize: [size.rows, size.columns] };
      const socket = await hijack(path('exec', exec, 'start'), { body });
      const connection = connectionOf(socket, {
        tty: true,
        writable: true,
        resize: async (next) => {
          await json('POST', path('exec', exec, 'resize'), { query: sizeQuery(next) });
        },
        exitCode: () => exitCodeOf(exec),
      });
      return hangsUp ? connection : { ...connection, close: () => socket.end(farewell, () => socket.destroySoon()) };
    },
    async attach(id) {
      const inspect = () => json<ContainerInspectResponse>('GET', path('containers', id, 'json'));
      const { Config, State } = await inspect();
      if (!State?.Running) {
        throw new HostError('conflict', `Container ${id} is not running`, {
          reason: 'container.not-running',
          params: { name: id },
        });
      }
      const tty = Config?.Tty ?? false;
      const writable = Config?.OpenStdin ?? false;
      const query = { stream: 1, stdin: writable ? 1 : 0, stdout: 1, stderr: 1 };
      const socket = await hijack(path('containers', id, 'attach'), { query });
      return untilLeft((left) =>
        connectionOf(socket, {
          tty,
          writable,
          resize: async (next) => {
            if (tty) await json('POST', path('containers', id, 'resize'), { query: sizeQuery(next) });
          },
          exitCode: () => exitCodeOnceEnded(inspect, left),
        }),
      );
    },
    async ask(id, command) {
      const { Id: exec } = await createExec(id, { Cmd: command, AttachStdout: true, AttachStderr: false });
      const socket = await hijack(path('exec', exec, 'start'), { body: { Detach: false, Tty: false } });
      socket.on('error', () => undefined);
      let text = '';
      try {
        for await (const data of unframed(socket)) {
          text += Buffer.from(data).toString();
          if (text.length > ANSWER_LIMIT) return undefined;
        }
      } finally {
        socket.destroy();
      }
      return (await exitCodeOf(exec)) === 0 ? text : undefined;
    },
  };
}
