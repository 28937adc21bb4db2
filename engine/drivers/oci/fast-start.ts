import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

/**
 * Lets a created container of crun go as `crun start` does: its first process waits for a byte on a FIFO, whose absence
 * tells crun that it runs. A crash in between leaves a container that no record says to be running; the next start of
 * the engine takes that down.
 * @param stateDirectory crun's `--root`
 * @returns false when nobody waits there: then `crun start` says why, or does it
 */
export function startByFifo(stateDirectory: string, id: string): boolean {
  const fifo = path.join(stateDirectory, id, 'exec.fifo');
  let descriptor: number;
  try {
    // without waiting: ENXIO where no process has it open for reading
    descriptor = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    writeSync(descriptor, '0');
  } catch {
    return false;
  } finally {
    closeSync(descriptor);
  }
  rmSync(fifo, { force: true });
  return true;
}
