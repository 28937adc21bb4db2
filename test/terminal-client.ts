import { spawn } from 'node-pty';
import { waitUntil } from './wait-until.ts';

/** The docker CLI at a terminal of its own, as a person has it. */
export interface TerminalClient {
  said(): string;
  /** Waits until it said this. */
  sees(words: string | RegExp): Promise<void>;
  type(keys: string): void;
  resize(size: { rows: number; columns: number }): void;
  kill(): void;
  /** Its exit code. */
  readonly ended: Promise<number>;
}

/** Starts `docker ARGS` at a terminal. `host` as DOCKER_HOST (`unix:///…`). */
export function terminalClient(
  host: string,
  args: readonly string[],
  size: { rows: number; columns: number } = { rows: 24, columns: 80 },
  further: NodeJS.ProcessEnv = {},
): TerminalClient {
  const env = {
    PATH: process.env.PATH ?? '',
    DOCKER_HOST: host,
    DOCKER_CLI_HINTS: 'false',
    TERM: 'xterm',
    HOME: '/nowhere',
    ...further,
  };
  const program = process.env.BELUGA_DOCKER_CLI ?? 'docker';
  const terminal = spawn(program, [...args], { cols: size.columns, rows: size.rows, env });
  let said = '';
  terminal.onData((words) => {
    said += words;
  });
  const ended = new Promise<number>((resolve) => {
    terminal.onExit(({ exitCode }) => resolve(exitCode));
  });
  return {
    said: () => said,
    async sees(words) {
      await waitUntil(`the terminal shows ${words}`, () =>
        typeof words === 'string' ? said.includes(words) : words.test(said),
      );
    },
    type: (keys) => terminal.write(keys),
    resize: ({ rows, columns }) => terminal.resize(columns, rows),
    kill: () => terminal.kill('SIGKILL'),
    ended,
  };
}
