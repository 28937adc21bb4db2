/** Pseudoterminals (pty(7)), and the socket over which an OCI runtime hands one over. */
import { closeSync, constants, openSync } from 'node:fs';
import path from 'node:path';
import koffi from 'koffi';
import { bindSystemCall, closeDescriptor, openPathOnly } from './libc.ts';

export interface TerminalSize {
  /** Character cells. */
  rows: number;
  columns: number;
}

const unixFamily = 1;
const streamType = 1;
const closeOnExec = 0o2000000;
const nonBlocking = 0o4000;
const setWindowSize = 0x5414;
const unlockPeer = 0x40045431;
const openPeer = 0x5441;
/** MSG_CMSG_CLOEXEC | MSG_DONTWAIT */
const receiveFlags = 0x40000040;

const socketCall = bindSystemCall('socket', 'int socket(int domain, int type, int protocol)');
const bindCall = bindSystemCall('bind', 'int bind(int fd, const uint8_t *address, uint32_t length)');
const listenCall = bindSystemCall('listen', 'int listen(int fd, int waiting)');
const acceptCall = bindSystemCall('accept4', 'int accept4(int fd, void *address, void *length, int flags)');
const bufferControl = bindSystemCall('ioctl', 'int ioctl(int fd, unsigned long request, _Inout_ uint8_t *data)');
const flagsControl = bindSystemCall('ioctl', 'int ioctl(int fd, unsigned long request, int flags)');

koffi.struct('beluga_iovec', { base: 'void *', length: 'size_t' });
koffi.struct('beluga_msghdr', {
  name: 'void *',
  nameLength: 'uint32_t',
  vector: 'void *',
  vectorLength: 'size_t',
  control: 'void *',
  controlLength: 'size_t',
  flags: 'int',
});
const receiveMessage = bindSystemCall('recvmsg', 'long recvmsg(int fd, void *message, int flags)') as unknown as (
  descriptor: number,
  message: unknown,
  flags: number,
) => number;

/** Tells the terminal its size; the kernel sends SIGWINCH to who sits at it. */
export function setTerminalSize(descriptor: number, { rows, columns }: TerminalSize): void {
  const size = Buffer.alloc(8);
  size.writeUInt16LE(rows, 0);
  size.writeUInt16LE(columns, 2);
  bufferControl(descriptor, setWindowSize, size);
}

/** A new pseudoterminal of the host: the side that a person has, and the side that a program has. Both close-on-exec. */
export function openPseudoterminal(): { near: number; far: number } {
  const near = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | closeOnExec);
  try {
    bufferControl(near, unlockPeer, Buffer.alloc(4));
    return { near, far: flagsControl(near, openPeer, constants.O_RDWR | constants.O_NOCTTY | closeOnExec) };
  } catch (error) {
    closeSync(near);
    throw error;
  }
}

/** Listens on a Unix stream socket whose path may be of any length; `receiveDescriptor` takes what is sent there. */
export function listenForDescriptor(socketPath: string): number {
  const directory = openSync(path.dirname(socketPath), openPathOnly | constants.O_DIRECTORY);
  try {
    const descriptor = socketCall(unixFamily, streamType | closeOnExec | nonBlocking, 0);
    try {
      const name = Buffer.from(`/proc/self/fd/${directory}/${path.basename(socketPath)}\0`);
      const address = Buffer.concat([Buffer.of(unixFamily, 0), name]);
      bindCall(descriptor, address, address.length);
      listenCall(descriptor, 1);
      return descriptor;
    } catch (error) {
      closeDescriptor(descriptor);
      throw error;
    }
  } finally {
    closeSync(directory);
  }
}

/**
 * The descriptor that somebody has sent to a listening socket (SCM_RIGHTS, unix(7)), close-on-exec. Does not wait.
 * @throws Error when nobody has.
 */
export function receiveDescriptor(listener: number): number {
  const connection = acceptCall(listener, null, null, closeOnExec);
  try {
    return takeDescriptor(connection);
  } finally {
    closeDescriptor(connection);
  }
}

/** Bytes of cmsghdr and one descriptor, with what aligns them. */
const controlBytes = 24;

function takeDescriptor(connection: number): number {
  // room for the name that some runtimes send with it
  const data = koffi.alloc('uint8_t', 4096);
  const vector = koffi.alloc('beluga_iovec', 1);
  const control = koffi.alloc('uint8_t', controlBytes);
  const message = koffi.alloc('beluga_msghdr', 1);
  try {
    koffi.encode(vector, 'beluga_iovec', { base: data, length: 4096 });
    const header = {
      name: null,
      nameLength: 0,
      vector,
      vectorLength: 1,
      control,
      controlLength: controlBytes,
      flags: 0,
    };
    koffi.encode(message, 'beluga_msghdr', header);
    receiveMessage(connection, message, receiveFlags);
    const { controlLength } = koffi.decode(message, 'beluga_msghdr') as { controlLength: number | bigint };
    if (Number(controlLength) < 20) throw new Error('a message came without a descriptor');
    return Buffer.from(koffi.decode(control, koffi.array('uint8_t', controlBytes)) as Uint8Array).readInt32LE(16);
  } finally {
    for (const block of [data, vector, control, message]) koffi.free(block);
  }
}
