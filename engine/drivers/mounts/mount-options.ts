import { mountFlags } from '../../base/libc-mount.ts';

const { readOnly, noSuid, noDev, noExec, synchronous, directorySync, noAtime, noDirAtime, relAtime, strictAtime } =
  mountFlags;

/** What a word of fstab(5) sets, and what it takes back. */
const words: Readonly<Record<string, readonly [set: number, clear: number]>> = {
  defaults: [0, 0],
  ro: [readOnly, 0],
  rw: [0, readOnly],
  nosuid: [noSuid, 0],
  suid: [0, noSuid],
  nodev: [noDev, 0],
  dev: [0, noDev],
  noexec: [noExec, 0],
  exec: [0, noExec],
  sync: [synchronous, 0],
  async: [0, synchronous],
  dirsync: [directorySync, 0],
  remount: [mountFlags.remount, 0],
  noatime: [noAtime, 0],
  atime: [0, noAtime],
  nodiratime: [noDirAtime, 0],
  diratime: [0, noDirAtime],
  relatime: [relAtime, 0],
  norelatime: [0, relAtime],
  strictatime: [strictAtime, 0],
  nostrictatime: [0, strictAtime],
  bind: [mountFlags.bind, 0],
  rbind: [mountFlags.bind | mountFlags.recursive, 0],
};

/** Options as fstab(5) has them: those that are flags of mount(2), the others are for the filesystem. */
export function splitMountOptions(options: readonly string[]): { flags: number; data: string[] } {
  let flags = 0;
  const data: string[] = [];
  for (const option of options) {
    const word = Object.hasOwn(words, option) ? words[option] : undefined;
    if (word) flags = (flags & ~word[1]) | word[0];
    else if (option !== '') data.push(option);
  }
  return { flags, data };
}

/** Whether a word is a flag of mount(2). */
export const isMountFlag = (word: string) => Object.hasOwn(words, word);
