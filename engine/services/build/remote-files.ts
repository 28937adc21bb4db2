import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { EngineError, messageOf } from '../../base/errors.ts';
import type { RootFiles } from '../../storage/files/root-files.ts';
import type { BuildClient } from './build-service.ts';
import type { Downloads } from './downloads.ts';
import { type GitAddress, parseGitAddress } from './git-address.ts';
import { checkOut } from './git-checkout.ts';

export interface RemoteParts {
  /** Where folders of a build are made, which go with it. */
  contexts: string;
  files: RootFiles;
  downloads: Downloads;
  client: BuildClient | undefined;
  signal: AbortSignal;
  /** Told what this build has of the cache. */
  using(id: string): void;
}

export interface CheckedOut {
  directory: string;
  /** 40 or 64 hex digits. */
  commit: string;
}

/** What one build takes from other machines. */
export interface RemoteFiles {
  /** Each repository once. @throws as `checkOut` */
  repository(address: GitAddress, options: { keepsGit: boolean }): Promise<CheckedOut>;
  /**
   * Puts what is at an address into a folder: a repository, an archive, or a Dockerfile by this name.
   * @param folder that is there, and empty
   * @throws EngineError `invalid` for an address that is none, `build.download`
   */
  bring(
    address: string,
    folder: { directory: string; root: number; dockerfile: string; keepsGit: boolean },
  ): Promise<void>;
  close(): Promise<void>;
}

export function createRemoteFiles(parts: RemoteParts): RemoteFiles {
  const { contexts, client, signal } = parts;
  const checkouts = new Map<string, Promise<CheckedOut>>();
  const places: string[] = [];
  const anew = (address: GitAddress, keepsGit: boolean) => {
    const directory = path.join(contexts, randomUUID());
    places.push(directory);
    const made = checkOut({ address, directory, keepsGit, client, signal }).then((commit) => ({ directory, commit }));
    // looked at where it is waited for
    made.catch(() => {});
    return made;
  };
  const repository: RemoteFiles['repository'] = (address, { keepsGit }) => {
    const key = JSON.stringify([address.url, address.ref, keepsGit]);
    const known = checkouts.get(key) ?? anew(address, keepsGit);
    checkouts.set(key, known);
    return known;
  };
  return {
    repository,
    async bring(address, folder) {
      const git = parseGitAddress(address);
      if (git) {
        // its files go from there
        const { directory } = await anew(git, folder.keepsGit);
        await moveInto(parts.files, { directory, below: git.directory }, folder);
      } else if (/^https?:\/\//.test(address) && URL.canParse(address)) await bringDownload(parts, address, folder);
      else
        throw new EngineError(
          'invalid',
          `${address} is no address to build from: give one of http, https, or a git repository`,
          {
            reason: 'request.invalid',
            params: { field: 'remote' },
          },
        );
    },
    async close() {
      await Promise.allSettled(checkouts.values());
      for (const place of places) await rm(place, { recursive: true, force: true });
    },
  };
}

/** The folder itself stays, for it is open. */
async function moveInto(
  files: RootFiles,
  { directory, below }: { directory: string; below: string },
  folder: { directory: string },
): Promise<void> {
  const root = await open(directory);
  try {
    // a symlink of the repository leads nowhere else
    const { name } = below === '' ? { name: '' } : { name: await files.destination(root.fd, `/${below}`) };
    const place = path.join(directory, name);
    for (const each of await namesIn(place, below))
      await rename(path.join(place, each), path.join(folder.directory, each));
  } finally {
    await root.close();
  }
}

async function namesIn(place: string, below: string): Promise<string[]> {
  try {
    return await readdir(place);
  } catch (error) {
    throw new EngineError('invalid', `the directory ${below} is not in the repository: ${messageOf(error)}`);
  }
}

const magics = [
  ['ustar', 257],
  ['\x1f\x8b', 0],
  ['BZh', 0],
  ['\xfd7zXZ', 0],
  ['\x28\xb5\x2f\xfd', 0],
] as const;

async function bringDownload(
  { downloads, files, signal, using }: RemoteParts,
  address: string,
  folder: { directory: string; root: number; dockerfile: string },
): Promise<void> {
  const { directory, name } = await downloads.fetch({ address, signal, using });
  const file = path.join(directory, name);
  const handle = await open(file);
  try {
    const head = Buffer.alloc(512);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    const text = head.subarray(0, bytesRead).toString('latin1');
    const isArchive = magics.some(([magic, at]) => text.startsWith(magic, at));
    if (isArchive)
      await files.extract({ root: folder.root, destination: '/', keepKinds: false }, createReadStream(file));
    else await copyFile(file, path.join(folder.directory, folder.dockerfile));
  } finally {
    await handle.close();
  }
}
