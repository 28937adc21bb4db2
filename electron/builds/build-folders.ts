import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { BuildFolder, DockerfileOffers } from '../bridge/builds.ts';
import { HostError } from '../hosts/host-error.ts';
import { unreadable, walkContext } from './context-walk.ts';
import { offersOf } from './dockerfile-offers.ts';

/** Made by tools and made again at need: builds that take them along are seldom meant so. */
const seldomMeant = new Set([
  ...['node_modules', '.git', '.venv', 'venv', '__pycache__', '.cache', '.next', 'target', 'dist', 'build', 'vendor'],
  ...['.gradle', '.idea', '.tox', 'bower_components', 'coverage'],
]);
/** Bytes above which such a folder is named, and any other. */
const large = { seldomMeant: 10_000_000, other: 200_000_000 };
const mostNamed = 5;

/** The folders that the user has chosen or dropped: no others are read for a build. */
export interface BuildFolders {
  /** Undefined where it is no folder. */
  grant(folder: string): Promise<string | undefined>;
  /** @throws HostError `forbidden` (`build.folder-unknown`) */
  check(folder: string): void;
  look(folder: string, leaveOut: readonly string[]): Promise<BuildFolder>;
  offers(folder: string, dockerfile: string): Promise<DockerfileOffers>;
  /** Text of a Dockerfile in it. */
  dockerfile(folder: string, dockerfile: string): Promise<string>;
}

const unknown = (folder: string) =>
  new HostError('forbidden', `${folder} is no folder that was chosen`, {
    reason: 'build.folder-unknown',
    params: { folder },
  });

interface Sum {
  bytes: number;
  files: number;
}

/** The folder on the way to a file that is named if it is large: one that is seldom meant, else the uppermost. */
function countedIn(name: string): string | undefined {
  const parts = name.split('/').slice(0, -1);
  const at = parts.findIndex((part) => seldomMeant.has(part));
  return at >= 0 ? parts.slice(0, at + 1).join('/') : parts[0];
}

async function contextOf(folder: string, leaveOut: readonly string[]) {
  const all: Sum = { bytes: 0, files: 0 };
  const sums = new Map<string, Sum>();
  for await (const { name, stats } of walkContext({ folder, dockerfile: 'Dockerfile', leaveOut })) {
    if (!stats.isFile()) continue;
    const within = countedIn(name);
    const own = within === undefined ? undefined : (sums.get(within) ?? { bytes: 0, files: 0 });
    if (own && within !== undefined) sums.set(within, own);
    for (const sum of own ? [all, own] : [all]) {
      sum.bytes += stats.size;
      sum.files += 1;
    }
  }
  const isLarge = ([name, { bytes }]: [string, Sum]) =>
    bytes > (seldomMeant.has(path.posix.basename(name)) ? large.seldomMeant : large.other);
  const named = [...sums].filter(isLarge).sort(([, a], [, b]) => b.bytes - a.bytes);
  return { ...all, large: named.slice(0, mostNamed).map(([name, sum]) => ({ path: name, ...sum })) };
}

const isDockerfile = (name: string) => /^(?:Dockerfile|Containerfile)(?:\.|$)|\.(?:Dockerfile|dockerfile)$/.test(name);

async function dockerfilesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.filter((entry) => entry.isFile() && isDockerfile(entry.name)).map(({ name }) => name);
  const wanted = found.filter((name) => !name.endsWith('.dockerignore'));
  return wanted.sort((a, b) => Number(b === 'Dockerfile') - Number(a === 'Dockerfile') || a.localeCompare(b, 'en'));
}

async function read(folder: string, dockerfile: string): Promise<string> {
  const file = path.resolve(folder, dockerfile);
  if (!file.startsWith(`${folder}${path.sep}`)) throw unknown(file);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(dockerfile, error);
  }
}

export function createBuildFolders(): BuildFolders {
  const granted = new Set<string>();
  const check = (folder: string) => {
    if (!granted.has(folder)) throw unknown(folder);
  };
  return {
    async grant(folder) {
      const place = await realpath(folder).catch(() => undefined);
      if (place === undefined || !(await stat(place)).isDirectory()) return undefined;
      granted.add(place);
      return place;
    },
    check,
    async look(folder, leaveOut) {
      check(folder);
      return { path: folder, dockerfiles: await dockerfilesIn(folder), ...(await contextOf(folder, leaveOut)) };
    },
    async offers(folder, dockerfile) {
      check(folder);
      return offersOf(await read(folder, dockerfile));
    },
    async dockerfile(folder, dockerfile) {
      check(folder);
      return read(folder, dockerfile);
    },
  };
}
