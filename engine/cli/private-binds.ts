import { realpathSync } from 'node:fs';
import path from 'node:path';
import { errnoCode } from '../base/libc.ts';
import { mountFilesystem, mountFlags, unmountFilesystem } from '../base/libc-mount.ts';
import { type MountEntry, mountAt, readMountTable } from '../drivers/mounts/mount-table.ts';

/** The mount that a path lies on, without those at `except`. */
function mountOf(table: readonly MountEntry[], target: string, except: MountEntry): MountEntry | undefined {
  const covers = (entry: MountEntry) =>
    entry !== except && (entry.target === '/' || target === entry.target || target.startsWith(`${entry.target}/`));
  return table.filter(covers).reduce<MountEntry | undefined>((best, entry) => {
    return best && best.target.length > entry.target.length ? best : entry;
  }, undefined);
}

/** Whether `entry` is a directory bound on itself: the same directory of the same filesystem as what lies beneath. */
function isBoundOnItself(table: readonly MountEntry[], entry: MountEntry): boolean {
  const below = mountOf(table, entry.target, entry);
  if (!below || below.device !== entry.device) return false;
  return path.join(below.root, path.relative(below.target, entry.target)) === entry.root;
}

function makePrivate(target: string): void {
  mountFilesystem({ source: null, target, type: null, flags: mountFlags.private, data: null });
}

/**
 * Binds a directory on itself as a private mount, once: what is mounted below it in another mount namespace stays there.
 * A private mount that is there already serves as it is.
 */
export function bindPrivately(directory: string): void {
  const target = realpathSync(directory);
  const table = readMountTable();
  const top = mountAt(table, target);
  if (top && !top.shared) return;
  // left by a start that was interrupted between the two calls
  if (top && isBoundOnItself(table, top)) {
    makePrivate(target);
    return;
  }
  mountFilesystem({ source: target, target, type: null, flags: mountFlags.bind, data: null });
  try {
    makePrivate(target);
  } catch (error) {
    unmountFilesystem(target);
    throw error;
  }
}

/** Takes back what `bindPrivately` made; leaves a mount of the user's own alone. */
export function unbind(directory: string): void {
  let target: string;
  try {
    target = realpathSync(directory);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return;
    throw error;
  }
  for (;;) {
    const table = readMountTable();
    const top = mountAt(table, target);
    if (!top || !isBoundOnItself(table, top)) return;
    unmountFilesystem(target, { lazy: true });
  }
}
