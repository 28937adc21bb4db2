import { type FSWatcher, mkdirSync, readFileSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface RecordedExit {
  exitCode: number;
  finishedAt: Date;
}

/**
 * conmon's `--exit-dir`: one file per container that ended, named by its id, with the exit code; its time is when it
 * ended. conmon writes it by rename, so what is there is whole.
 */
export interface ExitFiles {
  readonly directory: string;
  read(id: string): RecordedExit | undefined;
  /** For a monitor that could not. */
  write(id: string, exitCode: number): void;
  remove(id: string): void;
  /** Calls `arrived` when the file of this container appears; returns how to stop. Look by `read` after this call. */
  listen(id: string, arrived: () => void): () => void;
  close(): void;
}

/** Opens the directory and watches it (inotify), without keeping the process running. */
export function openExitFiles(directory: string): ExitFiles {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const listeners = new Map<string, Set<() => void>>();
  const fileOf = (id: string) => path.join(directory, id);
  const tell = (id: string) => {
    for (const arrived of [...(listeners.get(id) ?? [])]) arrived();
  };
  const watcher: FSWatcher = watch(directory, { persistent: false }, (_event, name) => {
    // without a name the kernel has dropped events: let everybody look
    if (name === null) for (const id of [...listeners.keys()]) tell(id);
    else tell(name);
  });
  watcher.on('error', () => {
    for (const id of [...listeners.keys()]) tell(id);
  });
  return {
    directory,
    read(id) {
      try {
        const exitCode = Number.parseInt(readFileSync(fileOf(id), 'utf8'), 10);
        return Number.isInteger(exitCode) ? { exitCode, finishedAt: statSync(fileOf(id)).mtime } : undefined;
      } catch {
        return undefined;
      }
    },
    write: (id, exitCode) => writeFileSync(fileOf(id), String(exitCode)),
    remove: (id) => rmSync(fileOf(id), { force: true }),
    listen(id, arrived) {
      const set = listeners.get(id) ?? new Set();
      listeners.set(id, set.add(arrived));
      return () => {
        set.delete(arrived);
        if (set.size === 0 && listeners.get(id) === set) listeners.delete(id);
      };
    },
    close: () => watcher.close(),
  };
}
