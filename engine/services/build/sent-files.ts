import { closeSync, constants } from 'node:fs';
import { lstat, readdir, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { errnoCode } from '../../base/libc.ts';
import { type FileStatus, fileTypes, openAt, openBeneath, readLinkAt, statusAt } from '../../base/libc-files.ts';
import type { KnownFiles, SentFile } from './build-service.ts';

const openDirectory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | 0o2000000;

export interface SentFiles extends KnownFiles {
  /** Takes away what the client has not told. To be called when all is there. */
  sweep(): Promise<void>;
  close(): void;
}

/**
 * Files that a client has sent before, in a folder that only `RootFiles.extract` has written to. One is there as the client has
 * it when size, time, permissions and kind are the same (fsutil compares the same).
 * @param root descriptor of the folder
 */
export function openSentFiles(root: number, directory: string): SentFiles {
  const told = new Set<string>();
  /** The client tells files in the order of their paths. */
  let parent: { path: string; descriptor: number | undefined } | undefined;
  const forget = () => {
    if (parent?.descriptor !== undefined) closeSync(parent.descriptor);
    parent = undefined;
  };
  const parentOf = (name: string): number | undefined => {
    if (parent?.path === name) return parent.descriptor;
    forget();
    parent = { path: name, descriptor: tryOpen(root, name) };
    return parent.descriptor;
  };
  return {
    has(file) {
      told.add(file.path);
      const above = parentOf(path.posix.dirname(file.path));
      return above !== undefined && isSame(above, path.posix.basename(file.path), file);
    },
    sweep() {
      forget();
      return sweepBelow(directory, '', told);
    },
    close: forget,
  };
}

function tryOpen(root: number, name: string): number | undefined {
  try {
    return name === '.' ? openAt(root, '.', openDirectory) : openBeneath(root, name, openDirectory);
  } catch {
    return undefined;
  }
}

/** Directories are always written again: their times are those of the client, whatever was changed in them. */
function isSame(parent: number, name: string, file: SentFile): boolean {
  if (file.kind === 'directory') return false;
  let status: FileStatus;
  try {
    status = statusAt(parent, name);
    if (file.kind === 'symlink')
      return isKind(status, fileTypes.symlink) && String(readLinkAt(parent, name)) === file.link;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EINVAL'].includes(errnoCode(error) ?? '')) return false;
    throw error;
  }
  const { seconds, nanoseconds } = status.modified;
  return (
    isKind(status, fileTypes.regular) &&
    status.size === file.size &&
    (status.mode & 0o7777) === file.mode &&
    seconds === file.modified.seconds &&
    nanoseconds === file.modified.nanoseconds
  );
}

const isKind = ({ mode }: FileStatus, kind: number) => (mode & fileTypes.mask) === kind;

async function sweepBelow(directory: string, below: string, told: ReadonlySet<string>): Promise<void> {
  const here = path.join(directory, below);
  const entries = await readdir(here, { withFileTypes: true });
  const gone = entries.filter(({ name }) => !told.has(path.posix.join(below, name)));
  if (gone.length > 0) {
    const { atime, mtime } = await lstat(here);
    for (const { name } of gone) await rm(path.join(here, name), { recursive: true, force: true });
    await utimes(here, atime, mtime);
  }
  for (const entry of entries) {
    const name = path.posix.join(below, entry.name);
    if (entry.isDirectory() && told.has(name)) await sweepBelow(directory, name, told);
  }
}
