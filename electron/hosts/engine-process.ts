import { spawn } from 'node:child_process';
import { closeSync, watch } from 'node:fs';
import type { Command } from './engine-command.ts';
import { openEngineLog, readEngineLog, readyLine, type StartFailure, startFailure } from './engine-log.ts';

/** How an engine that was started here ended. */
export interface Ending {
  readonly clean: boolean;
  readonly failure: StartFailure;
}

export interface EngineProcess {
  /** True once the engine answers, false when it ended before. */
  readonly ready: Promise<boolean>;
  readonly ended: Promise<Ending>;
}

/** Programs the engine looks for lie in sbin, which a desktop session's PATH may lack. */
function environment(): NodeJS.ProcessEnv {
  const places = new Set([
    ...(process.env.PATH ?? '').split(':'),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/usr/bin',
    '/bin',
  ]);
  const { ELECTRON_RUN_AS_NODE: _, NODE_OPTIONS: __, ...rest } = process.env;
  return { ...rest, PATH: [...places].filter(Boolean).join(':') };
}

/**
 * Starts the engine in a session of its own, with all its output in a file: neither a logout, a closed terminal nor the end
 * of this process reaches it. The file also tells when it is ready, as a pipe would break under it when the app ends.
 */
export function startEngineProcess({ file, args }: Command, logFile: string): EngineProcess {
  const { descriptor, offset } = openEngineLog(logFile);
  const watcher = watch(logFile);
  const child = spawn(file, [...args], {
    cwd: '/',
    detached: true,
    env: environment(),
    stdio: ['ignore', descriptor, descriptor],
  });
  closeSync(descriptor);
  child.unref();

  const ended = new Promise<Ending>((resolve) => {
    const end = (ending: string, clean: boolean) => {
      resolve({ clean, failure: startFailure(readEngineLog(logFile, offset), ending) });
    };
    child.once('error', (error) => end(error.message, false));
    child.once('exit', (code, signal) => end(signal ?? `exit ${code}`, code === 0));
  });
  const ready = new Promise<boolean>((resolve) => {
    const look = () => {
      if (readyLine.test(readEngineLog(logFile, offset))) resolve(true);
    };
    watcher.on('change', look);
    watcher.on('error', look);
    look();
    ended.then(() => resolve(false));
  });
  ready.finally(() => watcher.close());
  return { ready, ended };
}
