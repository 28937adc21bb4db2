/**
 * File calls relative to an open directory (`openat(2)` and its relatives), which Node lacks: what lies behind a
 * descriptor cannot be moved by a symlink. Each throws a `SystemError` on failure.
 */
import { bindSystemCall, errnoCode, systemCallNumbers } from './libc.ts';

/** A name or path; bytes when it is not UTF-8, then with a NUL at its end. */
export type FileName = string | Uint8Array;

export interface FileTime {
  seconds: number;
  nanoseconds: number;
}

export interface FileStatus {
  /** Type and permission bits, as `st_mode`. */
  mode: number;
  links: number;
  uid: number;
  gid: number;
  inode: bigint;
  size: number;
  modified: FileTime;
  device: { major: number; minor: number };
  /** Of a device node. */
  target: { major: number; minor: number };
  /** Of the mount that it is in, also where that is in another namespace. */
  mountId: bigint;
}

export const fileTypes = {
  mask: 0o170000,
  directory: 0o040000,
  regular: 0o100000,
  symlink: 0o120000,
  character: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
} as const;

const noFollow = 0x100;
const removeDirectory = 0x200;
const emptyPath = 0x1000;
const basicStats = 0x7ff;
const mountIdOf = 0x1000;
const resolveBeneathWithoutSymlinks = 0x08 | 0x04 | 0x02;

const openatCall = bindSystemCall('openat', 'int openat(int dir, const char *path, int flags, int mode)');
const openat2Call = bindSystemCall(
  'openat2',
  'long syscall(long nr, long dir, const char *path, void *how, long size)',
);
const mkdiratCall = bindSystemCall('mkdirat', 'int mkdirat(int dir, const char *path, int mode)');
const mknodatCall = bindSystemCall('mknodat', 'int mknodat(int dir, const char *path, int mode, uint64_t device)');
const symlinkatCall = bindSystemCall('symlinkat', 'int symlinkat(const char *target, int dir, const char *path)');
const linkatCall = bindSystemCall(
  'linkat',
  'int linkat(int from, const char *old, int to, const char *name, int flags)',
);
const unlinkatCall = bindSystemCall('unlinkat', 'int unlinkat(int dir, const char *path, int flags)');
const fchownatCall = bindSystemCall(
  'fchownat',
  'int fchownat(int dir, const char *path, uint32_t uid, uint32_t gid, int flags)',
);
const fchownCall = bindSystemCall('fchown', 'int fchown(int fd, uint32_t uid, uint32_t gid)');
const utimensatCall = bindSystemCall('utimensat', 'int utimensat(int dir, const char *path, void *times, int flags)');
const futimensCall = bindSystemCall('futimens', 'int futimens(int fd, void *times)');
const fsetxattrCall = bindSystemCall(
  'fsetxattr',
  'int fsetxattr(int fd, const char *name, void *value, size_t size, int flags)',
);
const lsetxattrCall = bindSystemCall(
  'lsetxattr',
  'int lsetxattr(const char *path, const char *name, void *value, size_t size, int flags)',
);
const llistxattrCall = bindSystemCall('llistxattr', 'long llistxattr(const char *path, void *list, size_t size)');
const lgetxattrCall = bindSystemCall(
  'lgetxattr',
  'long lgetxattr(const char *path, const char *name, void *value, size_t size)',
);
const readlinkatCall = bindSystemCall(
  'readlinkat',
  'long readlinkat(int dir, const char *path, void *to, size_t size)',
);
const statxCall = bindSystemCall('statx', 'int statx(int dir, const char *path, int flags, uint32_t mask, void *to)');
const syncfsCall = bindSystemCall('syncfs', 'int syncfs(int fd)');

/** openat(2); give `O_CLOEXEC` and, against symlinks, `O_NOFOLLOW` yourself. */
export function openAt(directory: number, name: FileName, flags: number, mode = 0): number {
  return openatCall(directory, name, flags, mode);
}

/** Opens `path` below `directory`; fails with EXDEV or ELOOP where `..` or any symlink is on the way (openat2(2)). */
export function openBeneath(directory: number, path: FileName, flags: number): number {
  const how = new BigUint64Array([BigInt(flags), 0n, BigInt(resolveBeneathWithoutSymlinks)]);
  return openat2Call(systemCallNumbers.openat2, directory, path, new Uint8Array(how.buffer), how.byteLength);
}

export function makeDirectoryAt(directory: number, name: FileName, mode: number): void {
  mkdiratCall(directory, name, mode);
}

/** mknodat(2); `mode` with the type of the node. */
export function makeNodeAt(directory: number, name: FileName, mode: number, major: number, minor: number): void {
  const high = (BigInt(minor >>> 8) << 20n) | (BigInt(major >>> 12) << 44n);
  mknodatCall(directory, name, mode, high | BigInt((minor & 0xff) | ((major & 0xfff) << 8)));
}

export function makeSymlinkAt(target: FileName, directory: number, name: FileName): void {
  symlinkatCall(target, directory, name);
}

/** linkat(2); a symlink is linked itself, not followed. */
export function makeLinkAt(fromDirectory: number, from: FileName, directory: number, name: FileName): void {
  linkatCall(fromDirectory, from, directory, name, 0);
}

/** unlinkat(2). */
export function unlinkAt(directory: number, name: FileName, options: { directory?: boolean } = {}): void {
  unlinkatCall(directory, name, options.directory ? removeDirectory : 0);
}

/** Owner of the entry itself, not of what a symlink leads to. */
export function changeOwnerAt(directory: number, name: FileName, uid: number, gid: number): void {
  fchownatCall(directory, name, uid, gid, noFollow);
}

export function changeOwner(descriptor: number, uid: number, gid: number): void {
  fchownCall(descriptor, uid, gid);
}

const times = Buffer.alloc(32);

function timesOf({ seconds, nanoseconds }: FileTime): Buffer {
  for (const offset of [0, 16]) {
    times.writeBigInt64LE(BigInt(seconds), offset);
    times.writeBigInt64LE(BigInt(nanoseconds), offset + 8);
  }
  return times;
}

/** Access and modification time of the entry itself. */
export function changeTimesAt(directory: number, name: FileName, time: FileTime): void {
  utimensatCall(directory, name, timesOf(time), noFollow);
}

export function changeTimes(descriptor: number, time: FileTime): void {
  futimensCall(descriptor, timesOf(time));
}

export function setAttribute(descriptor: number, name: string, value: Uint8Array): void {
  fsetxattrCall(descriptor, name, value, value.length, 0);
}

/** Of an entry that cannot be opened (symlink, device). */
export function setAttributeAt(directory: number, name: FileName, attribute: string, value: Uint8Array): void {
  lsetxattrCall(belowDescriptor(directory, name), attribute, value, value.length, 0);
}

/** All extended attributes of the entry itself; none where the filesystem has no such thing. */
export function attributesAt(directory: number, name: FileName): { name: string; value: Uint8Array }[] {
  const path = belowDescriptor(directory, name);
  let list = Buffer.alloc(1024);
  let length: number;
  try {
    length = llistxattrCall(path, null, 0);
    if (length === 0) return [];
    list = Buffer.alloc(length);
    length = llistxattrCall(path, list, length);
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOTSUP' || (error as { code?: string }).code === 'EOPNOTSUPP')
      return [];
    throw error;
  }
  const names = list.toString('utf8', 0, length).split('\0').slice(0, -1);
  return names.map((attribute) => {
    const value = Buffer.alloc(lgetxattrCall(path, attribute, null, 0));
    if (value.length > 0) lgetxattrCall(path, attribute, value, value.length);
    return { name: attribute, value };
  });
}

/** llistxattr and its kin take no directory; the last component is not followed. */
function belowDescriptor(directory: number, name: FileName): FileName {
  const prefix = `/proc/self/fd/${directory}/`;
  return typeof name === 'string' ? prefix + name : Buffer.concat([Buffer.from(prefix), name]);
}

/** Target of a symlink, its bytes. */
export function readLinkAt(directory: number, name: FileName): Buffer {
  const target = Buffer.alloc(4096);
  return target.subarray(0, readlinkatCall(directory, name, target, target.length));
}

/** The entry itself; with an empty name the open directory. */
export function statusAt(directory: number, name: FileName): FileStatus {
  const status = Buffer.alloc(256);
  statxCall(directory, name, noFollow | (name.length === 0 ? emptyPath : 0), basicStats | mountIdOf, status);
  return {
    links: status.readUInt32LE(16),
    uid: status.readUInt32LE(20),
    gid: status.readUInt32LE(24),
    mode: status.readUInt16LE(28),
    inode: status.readBigUInt64LE(32),
    size: Number(status.readBigUInt64LE(40)),
    modified: { seconds: Number(status.readBigInt64LE(112)), nanoseconds: status.readUInt32LE(120) },
    target: { major: status.readUInt32LE(128), minor: status.readUInt32LE(132) },
    device: { major: status.readUInt32LE(136), minor: status.readUInt32LE(140) },
    mountId: status.readBigUInt64LE(144),
  };
}

/** Writes everything of the filesystem behind `descriptor` to the disk; takes as long as the disk needs. */
export function syncFilesystem(descriptor: number): void {
  syncfsCall(descriptor);
}

const allocateCall = bindSystemCall('fallocate', 'int fallocate(int fd, int mode, int64_t offset, int64_t length)');
/** FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE */
const hole = 3;

/** Gives the space of a part of a file back, where the filesystem can. */
export function punchHole(file: number, offset: number, length: number): void {
  try {
    allocateCall(file, hole, offset, length);
  } catch (error) {
    if (!['EOPNOTSUPP', 'ENOSYS'].includes(errnoCode(error) ?? '')) throw error;
  }
}
