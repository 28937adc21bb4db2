import { constants, type Dirent, type Stats } from 'node:fs';
import { access, lstat, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import dockerignore from '@balena/dockerignore';
import { HostError } from '../hosts/host-error.ts';

/** A file, folder or link of a context. */
export interface ContextEntry {
  /** In the context, parts parted by slashes. */
  readonly name: string;
  readonly stats: Stats;
  /** Where a symbolic link leads; it is sent as a link and never followed. */
  readonly link?: string;
}

export interface ContextOptions {
  readonly folder: string;
  /** Path in the folder; it is sent whatever the rules say, as is the ignore file. */
  readonly dockerfile: string;
  /** Further rules, as in .dockerignore. */
  readonly leaveOut?: readonly string[];
}

const nameOfIgnoreFile = '.dockerignore';

export const unreadable = (file: string, cause: unknown) =>
  new HostError('invalid', `${file} cannot be read: nothing was built`, {
    reason: 'build.file-unreadable',
    params: { file },
    cause,
  });

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(path.basename(file), error);
  }
}

/** The Dockerfile's own list goes before the folder's (Docker reference, ".dockerignore files"). */
async function rulesOf({ folder, dockerfile, leaveOut = [] }: ContextOptions): Promise<string[]> {
  const own = await readIfThere(path.join(folder, `${dockerfile}${nameOfIgnoreFile}`));
  const text = own ?? (await readIfThere(path.join(folder, nameOfIgnoreFile))) ?? '';
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  return [...lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')), ...leaveOut];
}

async function entryOf(folder: string, name: string): Promise<ContextEntry> {
  const file = path.join(folder, name);
  try {
    const stats = await lstat(file);
    if (stats.isSymbolicLink()) return { name, stats, link: await readlink(file) };
    if (stats.isFile()) await access(file, constants.R_OK);
    return { name, stats };
  } catch (error) {
    throw unreadable(name, error);
  }
}

async function listed(folder: string, name: string): Promise<Dirent[]> {
  try {
    return await readdir(path.join(folder, name), { withFileTypes: true });
  } catch (error) {
    throw unreadable(name || folder, error);
  }
}

/**
 * What is sent of a folder, folders before what is in them. Sockets, pipes and devices are left out, as is what the rules say.
 * @throws HostError `invalid` (`build.file-unreadable`) that names what cannot be read
 */
export async function* walkContext(options: ContextOptions, signal?: AbortSignal): AsyncGenerator<ContextEntry> {
  const { folder, dockerfile } = options;
  const rules = await rulesOf(options);
  const ignore = dockerignore({ ignorecase: false }).add(rules);
  // something below a folder that is left out may be taken back
  const hasExceptions = rules.some((rule) => rule.startsWith('!'));
  const always = new Set([dockerfile, nameOfIgnoreFile, `${dockerfile}${nameOfIgnoreFile}`]);
  const leadsToAlways = (name: string) => [...always].some((each) => each.startsWith(`${name}/`));

  const below = async function* (parent: string): AsyncGenerator<ContextEntry> {
    const found = await listed(folder, parent);
    for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      signal?.throwIfAborted();
      const name = parent === '' ? entry.name : `${parent}/${entry.name}`;
      const left = ignore.ignores(name) && !always.has(name);
      if (entry.isDirectory()) {
        if (!left) yield await entryOf(folder, name);
        if (!left || hasExceptions || leadsToAlways(name)) yield* below(name);
      } else if (!left && (entry.isFile() || entry.isSymbolicLink())) yield await entryOf(folder, name);
    }
  };
  yield* below('');
}
