import { rmSync } from 'node:fs';
import path from 'node:path';
import { closeDescriptor } from '../../base/libc.ts';
import { duplicateDescriptor } from '../../base/libc-socket.ts';
import type { SpawnedProgram } from '../../base/libc-spawn.ts';
import {
  listenForDescriptor,
  openPseudoterminal,
  receiveDescriptor,
  setTerminalSize,
  type TerminalSize,
} from '../../base/libc-terminal.ts';
import type { ExecStream } from './exec-stream.ts';
import { isLikeCrun, type RuntimeProgram } from './runtime-program.ts';

/** How a runtime is told to give a process a terminal, and how the engine gets its end of it. */
export interface ExecTerminal {
  /** Arguments of `exec`. */
  readonly arguments: readonly string[];
  /** What the runtime's own streams are. */
  readonly stdio: 'ignore' | number;
  /** Our end, once the process runs; the caller closes it. */
  take(): number;
  resize(size: TerminalSize, runtime: SpawnedProgram): void;
  /** The line is dead (termio(7), "modem disconnect"): the process that leads the session gets SIGHUP. */
  hangUp(parts: { stream: ExecStream; runtime: SpawnedProgram }): void;
  close(): void;
}

const socketName = 'console';

/** crun hands the terminal over (`--console-socket`) and stays to tell the exit code. Relative to the exec's directory. */
function handedOver(directory: string): ExecTerminal {
  const socket = path.join(directory, socketName);
  const listener = listenForDescriptor(socket);
  let control: number | undefined;
  const closeControl = () => {
    if (control !== undefined) closeDescriptor(control);
    control = undefined;
  };
  return {
    arguments: ['--tty', '--console-socket', socketName],
    stdio: 'ignore',
    take() {
      const descriptor = receiveDescriptor(listener);
      control = duplicateDescriptor(descriptor);
      return descriptor;
    },
    resize(size) {
      if (control !== undefined) setTerminalSize(control, size);
    },
    hangUp({ stream }) {
      // the kernel does the rest when nobody has our side any more
      closeControl();
      stream.cut();
    },
    close() {
      closeDescriptor(listener);
      rmSync(socket, { force: true });
      closeControl();
    },
  };
}

/**
 * runc hands a terminal over only when it does not stay, and then nobody would learn the exit code. It stays with a
 * terminal of the host's as its own, and copies between the two.
 */
function relayed(size: TerminalSize | undefined): ExecTerminal {
  const { near, far } = openPseudoterminal();
  if (size) setTerminalSize(near, size);
  let open = true;
  let farOpen = true;
  const closeFar = () => {
    if (farOpen) closeDescriptor(far);
    farOpen = false;
  };
  return {
    arguments: ['--tty'],
    stdio: far,
    take() {
      closeFar();
      return duplicateDescriptor(near);
    },
    resize(wanted, runtime) {
      if (!open) return;
      setTerminalSize(near, wanted);
      // the terminal is not its controlling one: the kernel does not tell it
      runtime.kill('SIGWINCH');
    },
    hangUp({ stream, runtime }) {
      // the runtime passes it on, and needs a reader of its output to get to its end
      runtime.kill('SIGHUP');
      void stream.stream.close();
    },
    close() {
      closeFar();
      if (open) closeDescriptor(near);
      open = false;
    },
  };
}

/** Makes ready for a process with a terminal. */
export function openExecTerminal(
  program: RuntimeProgram,
  directory: string,
  size: TerminalSize | undefined,
): ExecTerminal {
  return isLikeCrun(program) ? handedOver(directory) : relayed(size);
}
