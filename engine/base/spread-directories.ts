import { closeSync, constants, openSync } from 'node:fs';
import { bindSystemCall } from './libc.ts';

const ioctlCall = bindSystemCall('ioctl', 'int ioctl(int fd, unsigned long request, void *argument)');
/** ioctl_iflags(2) */
const getFlags = 0x80086601;
const setFlags = 0x40086602;
const topOfTree = 0x20000;

/**
 * Tells ext4 that directories in this one have nothing to do with each other (chattr(1), `T`): each is put into a part of the disk
 * of its own. Otherwise all lie where thousands of files were deleted lately, whose inodes ext4 does not use again for minutes and
 * looks at one by one whenever a file is made: 10,000 files take 4 s instead of 0.2. Of other filesystems nothing is asked.
 */
export function spreadDirectories(directory: string): void {
  const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const flags = Buffer.alloc(8);
    ioctlCall(descriptor, getFlags, flags);
    flags.writeUInt32LE(flags.readUInt32LE(0) | topOfTree);
    ioctlCall(descriptor, setFlags, flags);
  } catch {
    // a filesystem without it
  } finally {
    closeSync(descriptor);
  }
}
