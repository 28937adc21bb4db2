/** Processes that are told apart even when the kernel has given their number to another. */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { closeDescriptor, errnoCode } from './libc.ts';
import { openProcessDescriptor, signalProcess } from './libc-process.ts';
import { adoptDescriptor } from './libc-socket.ts';

/** A process by pid and start time (clock ticks since boot, field 22 of /proc/PID/stat, proc(5)). */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

/** The kernel's random id of this boot. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** The process that has this pid now; undefined when there is none or only its zombie is left. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // the name in brackets may hold anything: count from the last bracket
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTime = fields[19];
  if (startTime === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { pid, startTime };
}

/** Whether exactly this process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTime === identity.startTime;
}

/** USER_HZ: a tick of `startTime`. */
const millisecondsPerTick = 10;

/** Milliseconds since a process of this boot was made, by the clock that nobody sets; also of one that has ended. */
export function ageOf({ startTime }: ProcessIdentity): number {
  return Math.max(0, uptime() * 1000 - Number(startTime) * millisecondsPerTick);
}

/** Opens exactly this process, or returns undefined when it has ended. */
function openIdentity(identity: ProcessIdentity): number | undefined {
  let descriptor: number;
  try {
    descriptor = openProcessDescriptor(identity.pid);
  } catch (error) {
    if (errnoCode(error) === 'ESRCH' || errnoCode(error) === 'EINVAL') return undefined;
    throw error;
  }
  if (isAlive(identity)) return descriptor;
  closeDescriptor(descriptor);
  return undefined;
}

/** Sends a signal by number to exactly this process; false when it has ended. */
export function signalIdentity(identity: ProcessIdentity, signal: number): boolean {
  const descriptor = openIdentity(identity);
  if (descriptor === undefined) return false;
  try {
    signalProcess(descriptor, signal);
    return true;
  } catch (error) {
    if (errnoCode(error) === 'ESRCH') return false;
    throw error;
  } finally {
    closeDescriptor(descriptor);
  }
}

export interface ProcessWatch {
  /** Resolves at the end of the process, or at `close`. */
  readonly ended: Promise<void>;
  close(): void;
}

/**
 * Tells the end of a process that is not our child, from the kernel and without asking again and again. A pidfd becomes
 * readable at the end, and reading it is an error, which is what the event loop then reports. Keeps our own process
 * running only when asked to.
 */
export function watchProcess(identity: ProcessIdentity, options: { keepRunning?: boolean } = {}): ProcessWatch {
  const descriptor = openIdentity(identity);
  if (descriptor === undefined) return { ended: Promise.resolve(), close() {} };
  const socket = adoptDescriptor(descriptor);
  const ended = new Promise<void>((resolve) => {
    socket.on('error', () => {});
    socket.once('close', () => resolve());
  });
  socket.resume();
  if (!options.keepRunning) socket.unref();
  return { ended, close: () => void socket.destroy() };
}
