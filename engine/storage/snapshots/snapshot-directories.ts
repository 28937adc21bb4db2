import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { errnoCode } from '../../base/libc.ts';
import { spreadDirectories } from '../../base/spread-directories.ts';
import type { LayerUnpacker } from './layer-unpacker.ts';
import type { SnapshotRow } from './snapshot-records.ts';

/** The directories of a data root's snapshots, by the short names that their rows give. */
export interface SnapshotDirectories {
  own(name: string): string;
  work(name: string): string;
  nextName(): string;
  /** Moves a snapshot's directories away and deletes them in the background. */
  discard(name: string): Promise<void>;
  /** What overlay needs only while the snapshot is written. */
  discardWork(name: string): Promise<void>;
}

/** Opens the directories; those without a row (a crash between row and directory) and those being removed go. */
export async function openSnapshotDirectories(
  root: string,
  unpacker: LayerUnpacker,
  rows: readonly Pick<SnapshotRow, 'name' | 'kind'>[],
): Promise<SnapshotDirectories> {
  const [own, work, removed] = ['l', 'w', 'r'].map((name) => path.join(root, name)) as [string, string, string];
  for (const directory of [root, own, work, removed]) await mkdir(directory, { recursive: true, mode: 0o700 });
  spreadDirectories(own);
  let last = 0;
  const see = (name: string) => {
    last = Math.max(last, Number.parseInt(name, 10) || 0);
  };
  // What cannot be deleted now lies in `r`, out of everyone's way, and the next start tries again.
  const clear = (directory: string) => void unpacker.remove(directory).catch(() => {});
  const discard = async (name: string) => {
    for (const kind of [own, work]) {
      const away = path.join(removed, `${name}${kind === work ? 'w' : ''}`);
      try {
        await rename(path.join(kind, name), away);
      } catch (error) {
        if (errnoCode(error) === 'ENOENT') continue;
        throw error;
      }
      clear(away);
    }
  };
  const discardWork = (name: string) => rm(path.join(work, name), { recursive: true, force: true });
  const owned = new Set(rows.map((row) => row.name));
  const active = new Set(rows.filter((row) => row.kind === 'active').map((row) => row.name));
  for (const name of owned) see(name);
  for (const name of await readdir(removed)) {
    see(name);
    clear(path.join(removed, name));
  }
  for (const name of new Set([...(await readdir(own)), ...(await readdir(work))])) {
    see(name);
    if (!owned.has(name)) await discard(name);
    else if (!active.has(name)) await discardWork(name);
  }
  return {
    own: (name) => path.join(own, name),
    work: (name) => path.join(work, name),
    nextName: () => String(++last),
    discard,
    discardWork,
  };
}
