import { EngineError, toEngineError } from '../../base/errors.ts';
import { runProgram } from '../../base/run-program.ts';
import type { ProcessTable } from './container-service.ts';

const fieldsOf = (line: string) => line.split(/[ \t]+/).filter(Boolean);
const invalid = (message: string) => new EngineError('invalid', message, { reason: 'request.invalid' });

/**
 * The processes with these pids as the host's ps(1) prints them (moby, `ContainerTop`).
 * @throws EngineError `invalid` for arguments that ps does not take or that show no pid, `unavailable` without ps.
 */
export async function listProcesses(pids: readonly number[], psArguments: string): Promise<ProcessTable> {
  if (psArguments.includes('\0')) throw invalid('ps: invalid argument');
  const args = fieldsOf(psArguments || '-ef');
  // a heading of one's own could pass another column off as the pid
  for (const [, name = '', heading = ''] of psArguments.matchAll(/\s+(\S*)=\s*(PID\S*)/g)) {
    if (name !== 'pid') throw invalid(`specifying "${name}=${heading}" is not allowed`);
  }
  const printed = await runPs([...args, `-q${pids.join(',')}`]).catch(() => runPs(args));
  return parseProcesses(printed, new Set(pids));
}

/** Some arguments, `f` for one, do not go together with a list of pids. */
async function runPs(args: readonly string[]): Promise<string> {
  try {
    return (await runProgram('ps', args, { maximumOutput: 16 * 1024 * 1024 })).stdout;
  } catch (error) {
    const failure = toEngineError(error);
    if (failure.reason !== 'program.failed') throw failure;
    const line = failure.message.split('\n').find((words) => /error:/.test(words)) ?? failure.message;
    throw invalid(`ps: ${line.replace(/^.*?(?=error:)/, '')}`);
  }
}

/** @throws EngineError `invalid` when ps prints no pid. */
export function parseProcesses(printed: string, pids: ReadonlySet<number>): ProcessTable {
  const [head = '', ...lines] = printed.split('\n');
  const titles = fieldsOf(head);
  const pidColumn = titles.indexOf('PID');
  if (pidColumn < 0) throw invalid("Couldn't find PID field in ps output");
  let ofOurs = false;
  const processes = lines.flatMap((line) => {
    const fields = fieldsOf(line);
    if (fields.length === 0) return [];
    const pid = fields[pidColumn];
    // a thread is told below its process, with a dash for the pid
    ofOurs = pid === '-' ? ofOurs : pids.has(Number(pid));
    if (!ofOurs) return [];
    // the last column, the command, may have blanks
    const last = titles.length - 1;
    return [[...fields.slice(0, last), fields.slice(last).join(' ')]];
  });
  return { titles, processes };
}
