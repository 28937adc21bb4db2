import { EngineError } from '../../base/errors.ts';

/** The runtime's own words, without log decoration. */
function words(message: string): string {
  const lines = message
    .trim()
    .split('\n')
    .map((line) => {
      const quoted = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
      return quoted === undefined ? line : quoted.replace(/\\(.)/g, '$1');
    });
  return lines.join('; ').replace(/^(error|time)[:=]\s*/i, '');
}

const createPrefix =
  'failed to create task for container: failed to create shim task: OCI runtime create failed: unable to start container process';
const execPrefix = 'OCI runtime exec failed: exec failed: unable to start container process';

interface CommandFailure {
  prefix: string;
  name: string;
  reason: 'not-found' | 'not-executable';
  detail: string;
  cause: unknown;
}

function commandError({ prefix, name, reason, detail, cause }: CommandFailure): EngineError {
  const text = `${prefix}: exec: ${detail}: unknown`;
  return new EngineError('invalid', text, { reason: `container.command-${reason}`, params: { command: name }, cause });
}

function aboutCommand(said: string, name: string): Pick<CommandFailure, 'reason' | 'detail'> | undefined {
  const quoted = JSON.stringify(name);
  if (/exec format error/i.test(said)) return { reason: 'not-executable', detail: `${quoted}: exec format error` };
  if (!/executable file|open executable|find executable|exec:? ?["'`]|exec [`'"]/i.test(said)) return undefined;
  const missing = `${quoted}: stat ${name}: no such file or directory`;
  if (/not found in \$?PATH|executable file.*not found/i.test(said)) {
    const detail = name.includes('/') ? missing : `${quoted}: executable file not found in $PATH`;
    return { reason: 'not-found', detail };
  }
  if (/no such file or directory/i.test(said)) return { reason: 'not-found', detail: missing };
  if (/is a directory/i.test(said)) return { reason: 'not-executable', detail: `${quoted}: is a directory` };
  if (/permission denied|operation not permitted/i.test(said)) {
    return { reason: 'not-executable', detail: `${quoted}: permission denied` };
  }
  return undefined;
}

const aboutDirectory = (said: string) => /\b(cwd|chdir|working dir\w*)\b|mkdir .*not a directory/i.test(said);

/**
 * What a runtime says when it cannot make a container, in Docker's words, which Docker's CLI turns into exit code 127
 * ("executable file not found", "no such file or directory") or 126 ("permission denied", "is a directory").
 * @param command the first of the arguments to run
 */
export function createError(message: string, command: string): EngineError {
  const said = words(message);
  const found = aboutCommand(said, command);
  if (found) return commandError({ prefix: createPrefix, name: command, ...found, cause: said });
  if (aboutDirectory(said)) {
    return new EngineError('invalid', `OCI runtime create failed: the working directory cannot be entered: ${said}`);
  }
  return new EngineError('internal', `OCI runtime create failed: ${said}`, {
    reason: 'program.failed',
    params: { program: 'runtime', detail: said },
  });
}

/** The same for a process in a running container. */
export function execError(message: string, command: string): EngineError {
  const said = words(message);
  const found = aboutCommand(said, command);
  if (found) return commandError({ prefix: execPrefix, name: command, ...found, cause: said });
  if (aboutDirectory(said)) {
    const detail = said.replace('exec failed: unable to start container process: ', '');
    return new EngineError('invalid', `${execPrefix}: ${detail}: unknown`);
  }
  return new EngineError('internal', `OCI runtime exec failed: ${said}: unknown`, {
    reason: 'program.failed',
    params: { program: 'runtime', detail: said },
  });
}
