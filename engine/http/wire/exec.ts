import type { ExecConfig } from '@docker/node-sdk';
import { EngineError } from '../../base/errors.ts';
import type { CreateExec, ExecDetails, TerminalSize } from '../../services/exec/exec-service.ts';
import type { BelugaExecConfig } from '../extension-types.ts';

/** `[height, width]`, as in Docker; undefined for nothing, and for `[0, 0]`, by which clients say the same. */
export function sizeFromWire(size: readonly number[] | undefined): TerminalSize | undefined {
  if (!size) return undefined;
  const [rows = 0, columns = 0] = size;
  if (rows === 0 && columns === 0) return undefined;
  return checkSize(rows, columns);
}

/** @throws EngineError `invalid` for what no terminal can be. */
export function checkSize(rows: number, columns: number): TerminalSize {
  const fits = [rows, columns].every((cells) => Number.isInteger(cells) && cells >= 0 && cells <= 65_535);
  if (fits) return { rows, columns };
  throw new EngineError('invalid', `invalid terminal size: ${rows} x ${columns}`, { reason: 'request.invalid' });
}

/** POST /containers/{id}/exec. */
export function createExecFromWire(body: ExecConfig & BelugaExecConfig): CreateExec {
  const size = sizeFromWire(body.ConsoleSize ?? undefined);
  // one string is one word (strslice.StrSlice)
  const command: readonly string[] | string = body.Cmd ?? [];
  return {
    command: typeof command === 'string' ? [command] : command,
    environment: body.Env ?? [],
    terminal: body.Tty ?? false,
    attachStdin: body.AttachStdin ?? false,
    attachStdout: body.AttachStdout ?? false,
    attachStderr: body.AttachStderr ?? false,
    privileged: body.Privileged ?? false,
    ...(body.WorkingDir && { workingDirectory: body.WorkingDir }),
    ...(body.User && { user: body.User }),
    ...(body.DetachKeys && { detachKeys: body.DetachKeys }),
    ...(size && { size }),
    ...(body.BelugaHangUp === true && { hangUp: true }),
  };
}

/** GET /exec/{id}/json. */
export function execToWire(exec: ExecDetails): Record<string, unknown> {
  const [entrypoint = '', ...args] = exec.command;
  return {
    ID: exec.id,
    Running: exec.running,
    ExitCode: exec.exitCode ?? null,
    ProcessConfig: {
      tty: exec.terminal,
      entrypoint,
      arguments: args,
      privileged: exec.privileged,
      ...(exec.user !== undefined && { user: exec.user }),
    },
    OpenStdin: exec.attachStdin,
    OpenStderr: exec.attachStderr,
    OpenStdout: exec.attachStdout,
    CanRemove: false,
    ContainerID: exec.containerId,
    DetachKeys: exec.detachKeys === undefined ? '' : Buffer.from(exec.detachKeys).toString('base64'),
    Pid: exec.pid,
  };
}
