/** Namespaces and process descriptors. */
import { bindSystemCall, rawSystemCall, systemCallNumbers } from './libc.ts';

const newNetworkNamespace = 0x40000000;
const unshareCall = bindSystemCall('unshare', 'int unshare(int flags)');
const enterCall = bindSystemCall('setns', 'int setns(int fd, int type)');

/** Puts the calling thread alone into a new network namespace: go back by `enterNetworkNamespace` before anything awaits. */
export function unshareNetworkNamespace(): void {
  unshareCall(newNetworkNamespace);
}

/** Puts the calling thread into the network namespace behind `descriptor`. */
export function enterNetworkNamespace(descriptor: number): void {
  enterCall(descriptor, newNetworkNamespace);
}

/** A descriptor that stands for the process and becomes readable at its end; close-on-exec. @throws ESRCH. */
export function openProcessDescriptor(pid: number): number {
  return rawSystemCall(systemCallNumbers.pidfdOpen, pid, 0, 0, 0);
}

/** Sends a signal by number. @throws ESRCH when the process has ended. */
export function signalProcess(descriptor: number, signal: number): void {
  rawSystemCall(systemCallNumbers.pidfdSendSignal, descriptor, signal, 0, 0);
}

const copyCall = bindSystemCall('dup', 'int dup(int fd)');

/** A second descriptor of the same open file, which programs that this process starts, or becomes, inherit. */
export function inheritedCopy(descriptor: number): number {
  return copyCall(descriptor);
}

const everyDescriptor = 0xffffffff;
const closeOnExec = 4;

/**
 * From now on no program that this process starts, or becomes, inherits a descriptor but the standard three.
 * @throws EINVAL before Linux 5.11.
 */
export function keepDescriptorsFromPrograms(): void {
  rawSystemCall(systemCallNumbers.closeRange, 3, everyDescriptor, closeOnExec, 0);
}
