/**
 * What lies in the run root while a process of an exec runs:
 *
 * <run root>/execs/EXEC-ID/process.json   what it is, for the runtime; names the directory in the runtime's arguments
 * <run root>/execs/EXEC-ID/pid            its number on the host, written by the runtime once it runs
 * <run root>/execs/EXEC-ID/detached       only of those that go on when the engine ends
 * <run root>/execs/EXEC-ID/log, console   the runtime's words, the socket for the terminal
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { identifyProcess, isAlive, type ProcessIdentity, signalIdentity } from '../../base/process-identity.ts';

export const processFile = 'process.json';
export const pidFile = 'pid';
export const detachedFile = 'detached';

const execsDirectory = (runRoot: string) => path.join(runRoot, 'execs');

export const execDirectory = (runRoot: string, execId: string) => path.join(execsDirectory(runRoot), execId);

/** The number in an exec's pid file, once it is there. */
export function readExecPid(directory: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path.join(directory, pidFile), 'utf8'), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Exactly the process of an exec: its parent is a runtime that was started with this directory. */
function processOf(directory: string): ProcessIdentity | undefined {
  const pid = readExecPid(directory);
  const process = pid === undefined ? undefined : identifyProcess(pid);
  if (!process) return undefined;
  try {
    const status = readFileSync(`/proc/${process.pid}/status`, 'utf8');
    const parent = /^PPid:\s*(\d+)/m.exec(status)?.[1] ?? '';
    const args = readFileSync(`/proc/${parent}/cmdline`, 'utf8').split('\0');
    const ours = args.includes(path.join(directory, processFile));
    return ours && isAlive(process) ? process : undefined;
  } catch {
    return undefined;
  }
}

/**
 * After a start of the engine: an exec belongs to the connection of its client, and those ended with the engine before
 * this one. What was attached is killed; what was detached goes on until it or its container ends. Resolves to the
 * number of those killed.
 */
export function endLostExecs(runRoot: string): number {
  let names: string[];
  try {
    names = readdirSync(execsDirectory(runRoot));
  } catch {
    return 0;
  }
  let killed = 0;
  for (const name of names) {
    const directory = execDirectory(runRoot, name);
    const process = existsSync(path.join(directory, detachedFile)) ? undefined : processOf(directory);
    if (process && signalIdentity(process, 9)) killed += 1;
    forget(directory);
  }
  return killed;
}

/** A runtime that outlived the engine may still write its files there: no reason not to start. */
function forget(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 5 });
  } catch {
    // what is left now goes at the next start
  }
}
