import type { EngineError } from '../../base/errors.ts';
import type { TerminalSize } from '../../base/libc-terminal.ts';
import type { ProcessStream, Runtime } from '../../drivers/oci/runtime.ts';
import type { ContainerState } from '../containers/container-service.ts';

export type { TerminalSize };

/** What a process in a running container is asked to be; Docker's ExecConfig in our words. */
export interface CreateExec {
  /** Program and arguments. */
  command: readonly string[];
  /** `NAME=value`, on top of the container's. */
  environment: readonly string[];
  /** The container's when absent. */
  workingDirectory?: string;
  /** The container's when absent. */
  user?: string;
  terminal: boolean;
  attachStdin: boolean;
  attachStdout: boolean;
  attachStderr: boolean;
  privileged: boolean;
  /** The server's default when absent. */
  detachKeys?: string;
  size?: TerminalSize;
  /**
   * Its terminal is hung up on when its client's input ends, as when a terminal window is closed: SIGHUP to the session,
   * and what ignores that goes on. No keys leave it. Otherwise it outlives its client, as in Docker.
   */
  hangUp?: boolean;
}

export interface ExecDetails extends CreateExec {
  id: string;
  containerId: string;
  running: boolean;
  /** Absent until it has ended. */
  exitCode?: number;
  /** On the engine's host; 0 before it runs. */
  pid: number;
}

export interface StartedExec {
  terminal: boolean;
  stdin: boolean;
  /** There are none: what the client types is the process's. */
  hangUp: boolean;
  detachKeys: string | undefined;
  stream: ProcessStream;
  /** Why the command could not be started: Docker tells it on the stream, and the exit code is 126 or 127. */
  failure: EngineError | undefined;
  /** The client has left by its detach keys. */
  detached(): void;
}

/**
 * Further processes in running containers. They are remembered in memory, as Docker does: for five minutes after their
 * end, and not by the next engine.
 */
export interface ExecService {
  /**
   * @throws EngineError `not-found` (`container.not-found`), `conflict` (`container.not-running`), `invalid` without a
   *   command.
   */
  create(container: string, request: CreateExec): Promise<{ id: string }>;
  /**
   * Runs it, once. Detached, a failure to start is thrown; else it is in the answer.
   * @throws EngineError `not-found`, `conflict` when it runs or ran already, or its container does not run.
   */
  start(id: string, options: { detach: boolean; size?: TerminalSize }): Promise<StartedExec>;
  /** @throws EngineError `not-found`, Docker's "No such exec instance". */
  inspect(id: string): ExecDetails;
  /** Before its start: the size that it starts with. */
  resize(id: string, size: TerminalSize): void;
  /** Those of a container that run or wait to be started. */
  idsOf(containerId: string): readonly string[];
}

/** A container as an exec sees it. */
export interface ExecContainer {
  id: string;
  name: string;
  state: ContainerState;
  /** Of its first process, on the host. */
  pid: number;
  workingDirectory: string;
  groupsAdd: readonly string[];
  /** The container's variables with these on top. */
  environmentWith(added: readonly string[]): readonly string[];
  runtime(): Runtime;
}

/** What execs need of containers. */
export interface ExecContainers {
  /** By id, prefix or name. @throws EngineError `not-found` (`container.not-found`). */
  find(name: string): ExecContainer;
  /** An event of the container; of one that is gone nothing is told. */
  tell(id: string, action: string, attributes: Readonly<Record<string, string>>): void;
}
