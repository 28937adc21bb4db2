/** mount(2) and its relatives. */
import { bindSystemCall, closeDescriptor, systemCallNumbers } from './libc.ts';

export const mountFlags = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  synchronous: 16,
  remount: 32,
  directorySync: 128,
  noAtime: 1024,
  noDirAtime: 2048,
  bind: 4096,
  recursive: 16384,
  unbindable: 1 << 17,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
  relAtime: 1 << 21,
  strictAtime: 1 << 24,
} as const;

const detach = 2;

const mountCall = bindSystemCall(
  'mount',
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);
const umountCall = bindSystemCall('umount', 'int umount2(const char *target, int flags)');

export interface MountCall {
  source: string | null;
  target: string;
  type: string | null;
  flags: number;
  data: string | null;
}

/** The kernel cuts mount data at one page, without a word. */
export const maximumMountData = 4095;

/** mount(2). @throws SystemError; RangeError when `data` is longer than the kernel reads. */
export function mountFilesystem(call: MountCall): void {
  if (call.data !== null && Buffer.byteLength(call.data) > maximumMountData) {
    throw new RangeError(`mount options of ${Buffer.byteLength(call.data)} bytes are longer than ${maximumMountData}`);
  }
  mountCall(call.source, call.target, call.type, call.flags, call.data);
}

const openTreeCall = bindSystemCall(
  'open_tree',
  'long syscall(long nr, int dir, const char *path, unsigned int flags)',
);
const setAttributesCall = bindSystemCall(
  'mount_setattr',
  'long syscall(long nr, int dir, const char *path, unsigned int flags, void *attributes, size_t size)',
);
const moveMountCall = bindSystemCall(
  'move_mount',
  'long syscall(long nr, int from, const char *source, int to, const char *target, unsigned int flags)',
);
const currentDirectory = -100;
const emptyPath = 0x1000;
const closeOnExec = 0o2000000;
const cloneTree = 1;
const moveEmptyPath = 4;
const idMappedAttribute = 0x00100000n;

/**
 * Binds a file or directory, alone, so that its owners are shown through the maps of a user namespace: who is inside of it
 * sees the ids that the filesystem has (mount_setattr(2), "ID-mapped mounts").
 * @param userNamespace a descriptor of it
 * @throws SystemError: ENOSYS before Linux 5.12, EINVAL where the filesystem has no such mounts.
 */
export function bindIdMapped(source: string, target: string, userNamespace: number): void {
  const attributes = new BigUint64Array([idMappedAttribute, 0n, 0n, BigInt(userNamespace)]);
  const { openTree, setMountAttributes, moveMount } = systemCallNumbers;
  const tree = openTreeCall(openTree, currentDirectory, source, cloneTree | closeOnExec);
  try {
    setAttributesCall(
      setMountAttributes,
      tree,
      '',
      emptyPath,
      new Uint8Array(attributes.buffer),
      attributes.byteLength,
    );
    moveMountCall(moveMount, tree, '', currentDirectory, target, moveEmptyPath);
  } finally {
    closeDescriptor(tree);
  }
}

/** umount2(2); `lazy` detaches a busy one (MNT_DETACH). @throws SystemError. */
export function unmountFilesystem(target: string, options: { lazy?: boolean } = {}): void {
  umountCall(target, options.lazy ? detach : 0);
}
