import type { Channel } from '../../base/channel.ts';
import type { TerminalSize } from '../../base/libc-terminal.ts';
import type { ProcessIdentity } from '../../base/process-identity.ts';
import type { OciSpec } from './oci-spec.ts';

/** What a runtime is given to make a container (OCI runtime spec, "Filesystem Bundle"). */
export interface Bundle {
  /** 64 hex digits. */
  id: string;
  /** For the monitor's title. */
  name: string;
  /** `bundleDirectory(runRoot, id)`; `config.json`, the pid files, `attach` and `ctl` live here. */
  directory: string;
  spec: OciSpec;
  openStdin: boolean;
  /** Close the container's stdin when the first client that attached with stdin leaves. */
  stdinOnce: boolean;
  /** CRI-format log, or undefined for no log. */
  logPath: string | undefined;
}

export type { ProcessIdentity };

export interface ExitStatus {
  exitCode: number;
  finishedAt: Date;
  oomKilled: boolean;
}

export interface OutputChunk {
  stream: 'stdout' | 'stderr';
  data: Uint8Array;
}

/** Bytes in, framed bytes out, until either side closes: an attach, or an exec. */
export interface ProcessStream {
  /**
   * Leaving the loop detaches. A reader that falls behind never stalls a container: of an attach, what it has not taken
   * waits on disk, to a limit at which it is cut off with an error. An exec has one client, which may hold it back.
   */
  readonly output: Channel<OutputChunk>;
  write(data: Uint8Array): Promise<void>;
  /** The process's stdin gets EOF (of a container: when `stdinOnce`), output goes on. A terminal has no end of input. */
  closeInput(): Promise<void>;
  close(): Promise<void>;
}

/** A further process in a running container. */
export interface ExecRequest {
  /** The container's. */
  id: string;
  /** 64 hex digits; names what lies in the run root meanwhile. */
  execId: string;
  args: readonly string[];
  /** `NAME=value`; PATH, HOSTNAME and (with a terminal) TERM are added where they are missing. */
  environment: readonly string[];
  workingDirectory: string;
  /** The container's when absent. */
  user?: { uid: number; gid: number; additionalGids: readonly number[] };
  /** Instead of the container's: for a privileged exec. */
  capabilities?: readonly string[];
  /** Input and output are one terminal. */
  terminal: boolean;
  size?: TerminalSize;
  /** Streams that are connected; the others are /dev/null. */
  streams: { stdin: boolean; stdout: boolean; stderr: boolean };
  /** Nobody waits for it: without a terminal it goes on when the engine ends. */
  detached: boolean;
}

export interface ExecProcess {
  /** On the host. */
  readonly pid: number;
  /**
   * Its output ends after `ended`, and at the latest two seconds later when a child of the process keeps it open. (runc
   * copies the output itself: there `ended` waits for such a child.)
   */
  readonly stream: ProcessStream;
  /** Exit code, 128 + signal. Never fails. */
  readonly ended: Promise<number>;
  /** Does nothing where there is no terminal. */
  resize(size: TerminalSize): void;
  /** As a terminal window that is closed: SIGHUP, and no more input or output. What ignores that goes on. */
  hangUp(): void;
}

export type RuntimeState = 'created' | 'running' | 'paused' | 'stopped' | 'absent';

/** Runs one container's processes by an OCI runtime and a conmon. Knows nothing of images, names, networks, restarts. */
export interface Runtime {
  readonly name: string;
  readonly version: string;
  /** `create` or `exec` follows soon: what they would wait for is begun. Never fails. */
  prepare(): void;
  /**
   * Makes the container up to the point before its command runs.
   * @throws EngineError `invalid` with reason `container.command-not-found` | `container.command-not-executable`;
   *   nothing stays behind.
   */
  create(bundle: Bundle): Promise<ProcessIdentity>;
  start(id: string): Promise<void>;
  /** `signal` is a number. @throws EngineError `conflict` (`container.not-running`) when it has ended. */
  kill(id: string, signal: number): Promise<void>;
  /**
   * Resolves from the monitor's exit file, so it also answers for containers that ended while the engine was down,
   * and for a monitor that died without one (exit code 137 once the process is gone).
   */
  wait(id: string, signal?: AbortSignal): Promise<ExitStatus>;
  state(id: string): Promise<RuntimeState>;
  /** Removes what runs and what the runtime, the monitor and the cgroups remember; a second call is not an error. */
  delete(id: string): Promise<void>;
  /** One of any number of clients; available from `create` until the exit. */
  attach(id: string): Promise<ProcessStream>;
  resize(id: string, size: TerminalSize): Promise<void>;
  /**
   * Starts a process in a running container; resolves once its command runs. It ends with the container at the latest.
   * @throws EngineError `invalid` with reason `container.command-not-found` | `container.command-not-executable`;
   *   nothing stays behind.
   */
  exec(request: ExecRequest): Promise<ExecProcess>;
}
