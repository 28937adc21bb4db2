/**
 * System calls that Node lacks, through koffi on glibc. Each is one synchronous call on the calling thread, so only
 * calls that do not block for long belong here.
 */
import { constants } from 'node:os';
import koffi from 'koffi';

export type SystemCallArgument = number | bigint | string | Uint8Array | Int32Array | null;

/** A system call that returns -1 on failure; throws an Error with `code` (`EPERM`), `errno` and `syscall`, as Node's do. */
export type SystemCall = (...args: SystemCallArgument[]) => number;

// of two names of one number the first counts: EAGAIN, not EWOULDBLOCK
const errorNames = new Map<number, string>(
  Object.entries(constants.errno)
    .toReversed()
    .map(([name, value]) => [value, name]),
);
const library = koffi.load('libc.so.6');

export interface SystemError extends Error {
  code: string;
  errno: number;
  syscall: string;
}

function systemError(syscall: string, errno: number, detail: string): SystemError {
  const code = errorNames.get(errno) ?? `E${errno}`;
  return Object.assign(new Error(`${syscall}: ${code}${detail}`), { code, errno, syscall });
}

/** The `code` of what was thrown by Node or by a system call, or undefined. */
export function errnoCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Binds one function of libc by its C declaration, e.g. `int umount2(const char *target, int flags)`.
 * `name` is used in the error; string arguments are put into it.
 */
export function bindSystemCall(name: string, declaration: string): SystemCall {
  const call = library.func(declaration) as (...args: SystemCallArgument[]) => number | bigint;
  return (...args) => {
    const result = Number(call(...args));
    if (result >= 0) return result;
    const errno = koffi.errno();
    throw systemError(name, errno, args.map((arg) => (typeof arg === 'string' ? ` '${arg}'` : '')).join(''));
  };
}

/** Numbers of system calls without a libc function; the same on every architecture that Linux has for containers. */
export const systemCallNumbers = {
  pidfdSendSignal: 424,
  openTree: 428,
  moveMount: 429,
  pidfdOpen: 434,
  closeRange: 436,
  openat2: 437,
  setMountAttributes: 442,
} as const;

/** `syscall(2)` with integers only. */
export const rawSystemCall = bindSystemCall('syscall', 'long syscall(long nr, long a, long b, long c, long d)');

/** O_PATH of open(2): a descriptor that only names a file; Node has no constant for it. */
export const openPathOnly = 0o10000000;

export const closeDescriptor = bindSystemCall('close', 'int close(int fd)');
