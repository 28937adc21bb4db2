import type { DockerHost, TerminalConnection, TerminalSize } from '../../engine/compose/docker-host.ts';
import type { Handlers } from '../bridge/handlers.ts';
import type { TerminalItem, terminalMethods } from '../bridge/terminals.ts';

export interface TerminalSources {
  readonly host: DockerHost;
  /** The user's own shell on this computer. */
  readonly openHostTerminal: (size: TerminalSize) => TerminalConnection;
}

/** From the one most people want to the one that is nearly everywhere. */
const shells = ['bash', 'zsh', 'fish', 'ash', 'sh'];
const whichShells = [
  'sh',
  '-c',
  `for s in ${shells.join(' ')}; do command -v "$s" >/dev/null 2>&1 && echo "$s"; done; true`,
];

async function findShells({ terminals }: DockerHost, id: string): Promise<string[]> {
  const found = (await terminals.ask(id, whichShells))?.split('\n') ?? [];
  return shells.filter((shell) => found.includes(shell));
}

/** What the page types goes to the process, until either ends. */
async function feed(connection: TerminalConnection, input: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const bytes of input) if (connection.writable) await connection.write(bytes);
  } catch {
    // the page has gone, and so does the connection
  }
}

/** What the renderer may do with terminals. They end with the page that opened them. */
export function terminalHandlers({
  host,
  openHostTerminal,
}: TerminalSources): Pick<Handlers, keyof typeof terminalMethods> {
  const open = new Map<string, TerminalConnection>();

  async function* run(
    name: string,
    opened: Promise<TerminalConnection> | TerminalConnection,
    input: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<TerminalItem> {
    const connection = await opened;
    const close = () => connection.close();
    signal.addEventListener('abort', close, { once: true });
    open.set(name, connection);
    try {
      if (signal.aborted) return;
      const { tty, writable } = connection;
      yield { type: 'open', tty, writable };
      void feed(connection, input);
      for await (const bytes of connection.output) yield { type: 'bytes', bytes };
      if (signal.aborted) return;
      const code = await connection.exitCode();
      yield { type: 'exit', ...(code === undefined ? {} : { code }) };
    } finally {
      if (open.get(name) === connection) open.delete(name);
      signal.removeEventListener('abort', close);
      close();
    }
  }

  return {
    'terminals.shells': ({ id }) => findShells(host, id),
    'terminals.shell': ({ terminal, id, command, user, ...size }, input, signal) => {
      const request = { command, size, ...(user === undefined ? {} : { user }) };
      return run(terminal, host.terminals.exec(id, request), input, signal);
    },
    'terminals.attach': async function* ({ terminal, id, ...size }, input, signal) {
      const connection = await host.terminals.attach(id);
      await connection.resize(size).catch(() => undefined);
      yield* run(terminal, connection, input, signal);
    },
    'terminals.host': ({ terminal, ...size }, input, signal) => run(terminal, openHostTerminal(size), input, signal),
    'terminals.resize': async ({ terminal, ...size }) => {
      // it may be ending just now, and then there is nothing to resize
      await open
        .get(terminal)
        ?.resize(size)
        .catch(() => undefined);
    },
  };
}
