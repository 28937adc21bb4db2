/** Sockets and pipes that Node's net cannot make. */
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import path from 'node:path';
import { bindSystemCall, closeDescriptor, openPathOnly } from './libc.ts';

const unixFamily = 1;
const netlinkFamily = 16;
const types = { stream: 1, datagram: 2, raw: 3, seqpacket: 5 } as const;
const closeOnExec = 0o2000000;
const nonBlocking = 0o4000;
const getFlags = 3;
const setFlags = 4;
const duplicateCloseOnExec = 1030;

const socketCall = bindSystemCall('socket', 'int socket(int domain, int type, int protocol)');
const bindCall = bindSystemCall('bind', 'int bind(int fd, const uint8_t *address, uint32_t length)');
const connectCall = bindSystemCall('connect', 'int connect(int fd, const uint8_t *address, uint32_t length)');
const pairCall = bindSystemCall('socketpair', 'int socketpair(int domain, int type, int protocol, _Out_ int *pair)');
const pipeCall = bindSystemCall('pipe2', 'int pipe2(_Out_ int *pair, int flags)');
const duplicateCall = bindSystemCall('dup3', 'int dup3(int from, int to, int flags)');
const controlCall = bindSystemCall('fcntl', 'int fcntl(int fd, int operation, int argument)');
const sendCall = bindSystemCall('send', 'long send(int fd, const uint8_t *data, size_t length, int flags)');
const receiveCall = bindSystemCall('recv', 'long recv(int fd, _Out_ uint8_t *data, size_t length, int flags)');

/** Connects to a SOCK_SEQPACKET Unix socket. The path may be of any length: the name alone goes into `sun_path`. */
export function connectSeqpacket(socketPath: string): number {
  const descriptor = socketCall(unixFamily, types.seqpacket | closeOnExec, 0);
  try {
    unixAddress(socketPath, (address) => connectCall(descriptor, address, address.length));
    return descriptor;
  } catch (error) {
    closeDescriptor(descriptor);
    throw error;
  }
}

/**
 * Lets the event loop watch a descriptor that net.Socket refuses (SEQPACKET, pidfd): a stream socket is made first, then
 * the descriptor is put in its place. Takes `descriptor` over: it is closed with the socket.
 */
export function adoptDescriptor(descriptor: number): Socket {
  const pair = new Int32Array(2);
  try {
    pairCall(unixFamily, types.stream | closeOnExec, 0, pair);
  } catch (error) {
    closeDescriptor(descriptor);
    throw error;
  }
  const [near = -1, far = -1] = pair;
  try {
    const socket = new Socket({ fd: near, readable: true, writable: true, allowHalfOpen: true });
    duplicateCall(descriptor, near, closeOnExec);
    controlCall(near, setFlags, controlCall(near, getFlags, 0) | nonBlocking);
    return socket;
  } finally {
    closeDescriptor(far);
    closeDescriptor(descriptor);
  }
}

/** Netlink protocols, netlink(7). */
export const netlinkProtocols = { route: 0, netfilter: 12 } as const;

/**
 * A netlink socket of the thread's network namespace that hears the multicast `groups` (bit mask); close it with
 * `closeDescriptor`.
 */
export function openNetlink(protocol: number, groups = 0): number {
  const descriptor = socketCall(netlinkFamily, types.raw | closeOnExec, protocol);
  const address = Buffer.alloc(12);
  address.writeUInt16LE(netlinkFamily, 0);
  address.writeUInt32LE(groups, 8);
  try {
    bindCall(descriptor, address, address.length);
    return descriptor;
  } catch (error) {
    closeDescriptor(descriptor);
    throw error;
  }
}

/**
 * A pipe(7). Node gives its children sockets instead, and /dev/stdout cannot be opened where it is a socket.
 * Both ends are close-on-exec.
 */
export function makePipe(): { read: number; write: number } {
  const pair = new Int32Array(2);
  pipeCall(pair, closeOnExec);
  const [read = -1, write = -1] = pair;
  return { read, write };
}

/** A further descriptor of the same open file; close-on-exec. */
export function duplicateDescriptor(descriptor: number): number {
  return controlCall(descriptor, duplicateCloseOnExec, 0);
}

export function sendDatagram(descriptor: number, message: Uint8Array): void {
  sendCall(descriptor, message, message.length, 0);
}

/** Waits for one datagram; what is longer than `into` is cut. */
export function receiveDatagram(descriptor: number, into: Buffer): Buffer {
  return into.subarray(0, receiveCall(descriptor, into, into.length, 0));
}

/** Fills `sun_path`; a path that is too long goes through a descriptor of its folder. */
function unixAddress(socketPath: string, use: (address: Buffer) => void): void {
  const directory = openSync(path.dirname(socketPath), openPathOnly | constants.O_DIRECTORY);
  try {
    const name = Buffer.from(`/proc/self/fd/${directory}/${path.basename(socketPath)}\0`);
    use(Buffer.concat([Buffer.of(unixFamily, 0), name]));
  } finally {
    closeSync(directory);
  }
}

/**
 * A SOCK_DGRAM Unix socket that is connected to another, or with `bound` one that listens; non-blocking: a full queue, or
 * an empty one, is EAGAIN. Close it with `closeDescriptor`.
 */
export function openUnixDatagram(socketPath: string, { bound = false } = {}): number {
  const descriptor = socketCall(unixFamily, types.datagram | closeOnExec | nonBlocking, 0);
  try {
    const call = bound ? bindCall : connectCall;
    unixAddress(socketPath, (address) => call(descriptor, address, address.length));
    return descriptor;
  } catch (error) {
    closeDescriptor(descriptor);
    throw error;
  }
}
