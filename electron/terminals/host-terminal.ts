import { homedir } from 'node:os';
import { spawn } from 'node-pty';
import type { TerminalConnection, TerminalSize } from '../../engine/compose/docker-host.ts';
import { loginShell } from './login-shell.ts';

/** Bytes that wait for a slow reader before the shell is held back. */
const FULL = 262_144;

/** Without what belongs to the app alone: a child must not become an Electron, or a Node with our options. */
function environment(socket: string): Record<string, string> {
  const own = /^(ELECTRON_|CHROME_|NODE_|BELUGA_|npm_|ORIGINAL_XDG_)/;
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !own.test(entry[0]),
  );
  return {
    ...Object.fromEntries(kept),
    DOCKER_HOST: `unix://${socket}`,
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
  };
}

/** The user's shell on this computer, whose docker CLI talks to the engine behind `socket`. */
export function openHostTerminal(socket: string, { columns, rows }: TerminalSize): TerminalConnection {
  const pty = spawn(loginShell(), [], {
    cols: columns,
    rows,
    cwd: homedir(),
    env: environment(socket),
    encoding: null,
  });
  const queue: Uint8Array[] = [];
  let waiting = 0;
  let ended = false;
  let code: number | undefined;
  let wake: (() => void) | undefined;
  const stir = () => wake?.();
  // with `encoding: null` the data are bytes, which the types do not know
  pty.onData((data: string | Uint8Array) => {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    queue.push(bytes);
    waiting += bytes.length;
    if (waiting >= FULL) pty.pause();
    stir();
  });
  pty.onExit(({ exitCode, signal }) => {
    code = signal ? 128 + signal : exitCode;
    ended = true;
    stir();
  });

  async function* output(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const bytes = queue.shift();
      if (bytes) {
        const full = waiting >= FULL;
        waiting -= bytes.length;
        if (full && waiting < FULL) pty.resume();
        yield bytes;
      } else if (ended) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  return {
    tty: true,
    writable: true,
    output: output(),
    write: async (bytes) => {
      if (!ended) pty.write(Buffer.from(bytes));
    },
    resize: async (size) => {
      if (!ended) pty.resize(size.columns, size.rows);
    },
    exitCode: async () => code,
    close: () => {
      if (ended) return;
      // as a terminal's window does: what ignores it (nohup) is meant to go on
      pty.kill('SIGHUP');
      ended = true;
      stir();
    },
  };
}
