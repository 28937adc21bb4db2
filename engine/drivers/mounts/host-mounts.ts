import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';
import { inheritedCopy } from '../../base/libc-process.ts';
import { duplicateDescriptor } from '../../base/libc-socket.ts';
import { type MountEntry, parseMountTable, readMountTable } from './mount-table.ts';

/**
 * The mounts of the host. The engine's namespace has copies of them: what is mounted on one appears on the other, but
 * whether a mount is shared each namespace changes for itself, mount_namespaces(7).
 */
export interface HostMounts {
  /** As they are now. */
  read(): MountEntry[];
}

const variable = 'BELUGA_HOST_MOUNTS';
const pieceBytes = 64 * 1024;

/**
 * Environment of a program that this process becomes, by which it sees the mounts of the namespace that this process is
 * in, wherever it goes: an open mountinfo tells of the namespace that it was opened in.
 */
export function handOnHostMounts(): Record<string, string> {
  const descriptor = openSync('/proc/self/mountinfo', 'r');
  try {
    return { [variable]: String(inheritedCopy(descriptor)) };
  } finally {
    closeSync(descriptor);
  }
}

/** What was handed on, taken out of the environment; without that this process's own namespace counts as the host's. */
export function openHostMounts(): HostMounts {
  const handed = Number(process.env[variable]);
  delete process.env[variable];
  if (!isMountInfo(handed)) return { read: () => readMountTable() };
  const descriptor = duplicateDescriptor(handed);
  closeSync(handed);
  return { read: () => parseMountTable(readFromStart(descriptor)) };
}

function isMountInfo(descriptor: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).endsWith('/mountinfo');
  } catch {
    return false;
  }
}

function readFromStart(descriptor: number): string {
  const pieces: Buffer[] = [];
  for (let position = 0; ; ) {
    const piece = Buffer.allocUnsafe(pieceBytes);
    const count = readSync(descriptor, piece, 0, pieceBytes, position);
    if (count === 0) return Buffer.concat(pieces).toString('utf8');
    pieces.push(piece.subarray(0, count));
    position += count;
  }
}
