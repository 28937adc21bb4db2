import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../../base/errors.ts';
import {
  type KeeperAnswer,
  type KeeperPort,
  type KeeperRequest,
  keeperSocket,
  onLines,
} from './port-keeper-protocol.ts';

/** The process that holds published ports, also while no engine runs; see `port-keeper-worker.ts`. */
export interface PortKeeper {
  /**
   * Binds the ports of a container, or finds them bound; starts the process if there is none.
   * @returns their numbers in the order asked, or which could not be bound (then none is)
   */
  reserve(
    containerId: string,
    ports: readonly KeeperPort[],
  ): Promise<{ hostPorts: readonly number[] } | { refused: NonNullable<KeeperAnswer['refused']> }>;
  /** Not an error when nothing is kept for it. */
  release(containerId: string): Promise<void>;
  /** Containers it keeps ports of. */
  list(): Promise<readonly string[]>;
  /** Leaves it alone with what it keeps; one that keeps nothing has ended when this resolves. */
  close(): Promise<void>;
}

interface Connection {
  ask(request: Unnumbered): Promise<KeeperAnswer>;
  /** Says the last word and resolves when the other side has hung up or ended. */
  finish(word: 'leave' | 'end'): Promise<void>;
}

type Unnumbered = KeeperRequest extends infer R
  ? R extends { sequence: number }
    ? Omit<R, 'sequence'>
    : never
  : never;

/** The keeper ended before it answered. */
class KeeperEnded extends EngineError {
  constructor() {
    super('internal', 'the keeper of published ports ended');
  }
}

function unlessEnded(error: unknown): undefined {
  if (!(error instanceof KeeperEnded)) throw error;
}

/** A keeper that ends may still take a connection and never answer. */
const maximumTries = 5;

const workerFile = fileURLToPath(new URL('./port-keeper-worker.ts', import.meta.url));

/** Undefined when nobody listens. */
function connect(socketFile: string, lost: () => void): Promise<Connection | undefined> {
  const socket = net.connect(socketFile);
  const waiting = new Map<number, { resolve(answer: KeeperAnswer): void; reject(error: Error): void }>();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let sequence = 0;
  onLines(socket, (line) => {
    const answer = JSON.parse(line) as KeeperAnswer;
    waiting.get(answer.sequence)?.resolve(answer);
    waiting.delete(answer.sequence);
    if (waiting.size === 0) socket.unref();
  });
  socket.on('error', () => {});
  void closed.then(() => {
    for (const { reject } of waiting.values()) reject(new KeeperEnded());
    waiting.clear();
    lost();
  });
  const say = (request: Unnumbered) => socket.write(`${JSON.stringify({ ...request, sequence: ++sequence })}\n`);
  const connection: Connection = {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return void closed.then(() => reject(new KeeperEnded()));
        // an answer is waited for; beside that the connection keeps nobody running
        socket.ref();
        say(request);
        waiting.set(sequence, { resolve, reject });
      }),
    async finish(word) {
      socket.ref();
      say({ do: word });
      await closed;
    },
  };
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.unref();
      resolve(connection);
    });
    socket.once('error', () => resolve(undefined));
  });
}

/** In a session of its own, so that it outlives us; resolves when it listens. */
async function start(runRoot: string): Promise<void> {
  rmSync(keeperSocket(runRoot), { force: true });
  const child = spawn(process.execPath, [workerFile, runRoot], {
    cwd: '/',
    detached: true,
    env: {},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (data) => {
    complaint = (complaint + String(data)).slice(-2000);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      const failed = (detail: string) =>
        reject(new EngineError('internal', `the keeper of published ports does not start: ${detail}`));
      child.stdout.once('data', () => resolve());
      child.once('error', (error) => failed(error.message));
      child.once('close', (code) => failed(complaint.trim() || `it ended with ${code}`));
    });
  } finally {
    child.removeAllListeners();
    child.stdout.destroy();
    child.stderr.destroy();
    child.unref();
  }
}

/** @param lost is called when a keeper that kept something ended: reserve anew. */
export function createPortKeeper({ runRoot, lost }: { runRoot: string; lost(): unknown }): PortKeeper {
  let current: Promise<Connection | undefined> | undefined;
  let closing = false;
  const kept = new Set<string>();
  const open = () => {
    const opened = connect(keeperSocket(runRoot), () => {
      if (current === opened) current = undefined;
      if (closing || kept.size === 0) return;
      kept.clear();
      lost();
    });
    return opened;
  };
  const find = async () => {
    current ??= open();
    const found = await current;
    if (!found) current = undefined;
    return found;
  };
  let starting: Promise<void> | undefined;
  const findOrStart = async (): Promise<Connection> => {
    const found = await find();
    if (found) return found;
    starting ??= start(runRoot).finally(() => {
      starting = undefined;
    });
    await starting;
    const made = await find();
    if (made) return made;
    throw new EngineError('internal', 'the keeper of published ports does not answer');
  };
  /** Reserving twice is reserving once, so that it can be asked again. */
  const askToReserve = async (id: string, ports: readonly KeeperPort[]): Promise<KeeperAnswer> => {
    for (let left = maximumTries; ; left--) {
      const connection = await findOrStart();
      try {
        return await connection.ask({ do: 'reserve', id, ports });
      } catch (error) {
        if (left === 0 || !(error instanceof KeeperEnded)) throw error;
      }
    }
  };
  return {
    async reserve(id, ports) {
      const { refused, hostPorts = [] } = await askToReserve(id, ports);
      if (refused) return { refused };
      kept.add(id);
      return { hostPorts };
    },
    async release(id) {
      kept.delete(id);
      // one that ended holds nothing any more
      await (await find())?.ask({ do: 'release', id }).catch(unlessEnded);
    },
    list: async () => (await (await find())?.ask({ do: 'list' }).catch(unlessEnded))?.ids ?? [],
    async close() {
      closing = true;
      await (await current)?.finish('leave');
    },
  };
}

/** Ends the keeper of a run root that no engine uses, with all it keeps. */
export async function endPortKeeper(runRoot: string): Promise<void> {
  const connection = await connect(keeperSocket(runRoot), () => {});
  await connection?.finish('end');
  rmSync(keeperSocket(runRoot), { force: true });
}
