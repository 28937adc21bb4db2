import { lstat, readdir, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { errnoCode } from '../../base/libc.ts';
import { type FileName, type FileStatus, fileTypes, readLinkAt, statusAt } from '../../base/libc-files.ts';
import { OpenDirectories } from '../../storage/files/file-entries.ts';
import { nativeName, splitPath } from '../../storage/snapshots/layer-paths.ts';
import type { KnownFiles, SentFile } from './build-service.ts';

/** What is not there, or is something else on the way or at the end. */
const absent = ['ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV', 'EINVAL'];

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
  const directories = new OpenDirectories(root);
  return {
    has(file) {
      told.add(file.path);
      const { parent, base } = splitPath(Buffer.from(file.path).toString('latin1'));
      try {
        return isSame(directories.at(parent), nativeName(base), file);
      } catch (error) {
        if (absent.includes(errnoCode(error) ?? '')) return false;
        throw error;
      }
    },
    sweep() {
      directories.close();
      return sweepBelow(directory, '', told);
    },
    close: () => directories.close(),
  };
}

/** Directories are always written again: their times are those of the client, whatever was changed in them. */
function isSame(parent: number, name: FileName, file: SentFile): boolean {
  if (file.kind === 'directory') return false;
  const status = statusAt(parent, name);
  if (file.kind === 'symlink')
    return isKind(status, fileTypes.symlink) && String(readLinkAt(parent, name)) === file.link;
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
