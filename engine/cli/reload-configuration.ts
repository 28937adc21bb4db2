import { isDeepStrictEqual } from 'node:util';
import { toEngineError } from '../base/errors.ts';
import type { SwitchedLog } from '../base/log.ts';
import type { SystemService } from '../services/system/system-service.ts';
import {
  type EngineOptions,
  type ReloadableOptions,
  readConfiguration,
  reloadableKeys,
  reloadOptions,
} from './engine-options.ts';

/** What reading the configuration file again has done, by the keys of the file. */
export interface Reloaded {
  changed: readonly string[];
  /** Changed in the file, and without effect until the engine starts again. */
  needRestart: readonly string[];
}

export interface ReloadParts {
  options: EngineOptions;
  system: Pick<SystemService, 'reload'>;
  log: SwitchedLog;
}

/** What counts now of the options that can be read again. */
export interface Reloader {
  current(): ReloadableOptions;
  /** @throws EngineError `invalid`: then nothing has changed. */
  reload(): Promise<Reloaded>;
}

const levelOf = ({ debug, logLevel }: ReloadableOptions) => (debug ? 'debug' : logLevel);

/** As dockerd at SIGHUP: what can change while containers run, changes; a file with a mistake changes nothing. */
export function createReloader({ options, system, log }: ReloadParts): Reloader {
  const names = Object.entries(reloadableKeys) as [keyof ReloadableOptions, string][];
  const atStart = readConfiguration(options.configFile);
  let current: ReloadableOptions = options;
  const readAgain = async (): Promise<Reloaded> => {
    try {
      const configuration = readConfiguration(options.configFile);
      const next = reloadOptions(options);
      await system.reload(next);
      log.setLevel(levelOf(next));
      const changed = names.filter(([name]) => !isDeepStrictEqual(current[name], next[name])).map(([, key]) => key);
      const known: readonly string[] = Object.values(reloadableKeys);
      const needRestart = [...new Set([...Object.keys(atStart), ...Object.keys(configuration)])].filter(
        (key) => !known.includes(key) && !isDeepStrictEqual(atStart[key], configuration[key]),
      );
      current = next;
      log.info('the configuration was read again', { file: options.configFile, changed, needRestart });
      return { changed, needRestart };
    } catch (error) {
      log.error('the configuration cannot be read again, nothing has changed', { error });
      throw toEngineError(error);
    }
  };
  // one after the other: the last one that was asked for counts
  let last: Promise<unknown> = Promise.resolve();
  return {
    current: () => current,
    reload() {
      const mine = last.then(readAgain);
      last = mine.catch(() => {});
      return mine;
    },
  };
}
