/** Programs in memory that nobody can change, memfd_create(2). */
import { closeSync, openSync, writeSync } from 'node:fs';
import { bindSystemCall, errnoCode } from './libc.ts';

const createCall = bindSystemCall('memfd_create', 'int memfd_create(const char *name, uint32_t flags)');
const controlCall = bindSystemCall('fcntl', 'int fcntl(int fd, int operation, int argument)');

const closeOnExec = 1;
const allowSealing = 2;
/** Since Linux 6.3, which may refuse files in memory that do not say that they are programs (vm.memfd_noexec). */
const executable = 0x10;
const addSeals = 1033;
/** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE. */
const everySeal = 1 | 2 | 4 | 8;

function create(name: string): number {
  const flags = closeOnExec | allowSealing;
  try {
    return createCall(name, flags | executable);
  } catch (error) {
    if (errnoCode(error) !== 'EINVAL') throw error;
    return createCall(name, flags);
  }
}

/**
 * A program with these bytes that nothing can write to any more.
 * @returns a descriptor for reading, close-on-exec; the program is at `/proc/PID/fd/DESCRIPTOR` as long as it is open
 * @throws EACCES where the host forbids programs in memory
 */
export function sealProgram(name: string, bytes: Uint8Array): number {
  const descriptor = create(name);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
    controlCall(descriptor, addSeals, everySeal);
    // what is open for writing cannot be run
    return openSync(`/proc/self/fd/${descriptor}`, 'r');
  } finally {
    closeSync(descriptor);
  }
}
