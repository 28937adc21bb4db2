import { mkdir, readdir, rename, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { errnoCode } from '../../base/libc.ts';
import type { Log } from '../../base/log.ts';
import type { LayerUnpacker } from '../../storage/snapshots/layer-unpacker.ts';

/** Work on whole trees, in threads. */
export type TreeWork = Pick<LayerUnpacker, 'copy' | 'remove' | 'measure' | 'sync'>;

/**
 * The directories of volumes.
 *
 * <data root>/volumes/NAME/_data   what containers see, where Docker has it too
 *                         /_fill   a copy of an image's files on its way in: not whole, deleted at the next start
 *                         /_full   the same, whole: what of it is not in `_data` yet is moved there
 * <data root>/volumes/.removed/N-NAME   on its way out
 */
export interface VolumeDirectories {
  data(name: string): string;
  /** What is there already stays. */
  make(name: string): Promise<void>;
  /** Moves it away, all at once; `destroy` deletes what was moved. */
  setAside(name: string): Promise<{ destroy(): void; undo(): Promise<void> }>;
  /** Copies `from` into a directory that is empty. `beside`: into `_data`, while it is a plain directory. */
  fill(from: string, place: { name: string; into: string; beside: boolean }): Promise<void>;
  /**
   * What a crash left: half copies go, whole ones arrive, empty directories of unknown volumes go, missing ones are made.
   * @returns the known volumes whose removal was under way
   */
  recover(names: readonly string[]): Promise<readonly string[]>;
}

/** Names of a copy on its way in where it has to lie in the volume itself: on another filesystem than ours. */
const inside = { fill: '.beluga-fill', full: '.beluga-full' };
const beside = { fill: '_fill', full: '_full' };

export function openVolumeDirectories(options: { root: string; trees: TreeWork; log: Log }): VolumeDirectories {
  const { root, trees, log } = options;
  const removed = path.join(root, '.removed');
  const data = (name: string) => path.join(root, name, '_data');
  let last = 0;

  const destroy = (directory: string) => {
    // what cannot be deleted now is out of everyone's way, and the next start tries again
    trees.remove(directory).catch((error) => log.warn('a removed volume could not be deleted', { directory, error }));
  };
  const make = async (name: string) => {
    // nobody but root looks around among the data of containers
    await mkdir(root, { recursive: true, mode: 0o701 });
    await mkdir(path.join(root, name), { recursive: true, mode: 0o701 });
    await mkdir(data(name), { recursive: true, mode: 0o755 });
  };
  const recoverRemoved = async () => {
    const found = await namesIn(removed);
    for (const each of found) {
      last = Math.max(last, Number.parseInt(each, 10) || 0);
      destroy(path.join(removed, each));
    }
    return new Set(found.map((each) => each.replace(/^\d+-/, '')));
  };
  return {
    data,
    make,
    async setAside(name) {
      await mkdir(removed, { recursive: true, mode: 0o700 });
      const away = path.join(removed, `${++last}-${name}`);
      await rename(path.join(root, name), away);
      return { destroy: () => destroy(away), undo: () => rename(away, path.join(root, name)) };
    },
    async fill(from, { name, into, beside: plain }) {
      const [place, names] = plain ? [path.join(root, name), beside] : [into, inside];
      const fill = path.join(place, names.fill);
      const full = path.join(place, names.full);
      await recoverFill(trees, { fill, full, into });
      const there = await readdir(into);
      if (there.length > 0) return;
      await mkdir(fill, { mode: 0o700 });
      try {
        await trees.copy(from, fill);
        // a volume counts as filled by what is in it: after a power cut too
        if ((await readdir(fill)).length > 0) await trees.sync(fill);
        await rename(fill, full);
      } catch (error) {
        await trees.remove(fill);
        throw error;
      }
      await pour(trees, full, into);
    },
    async recover(names) {
      const trashed = await recoverRemoved();
      const gone: string[] = [];
      for (const name of names) {
        const at = (each: string) => path.join(root, name, each);
        if (await exists(at('_data')))
          await recoverFill(trees, { fill: at(beside.fill), full: at(beside.full), into: data(name) });
        else if (trashed.has(name)) gone.push(name);
        else await make(name);
      }
      const known = new Set(['.removed', ...names]);
      for (const stray of (await namesIn(root)).filter((each) => !known.has(each))) {
        // made, and the engine ended before it was written down: nothing is in it
        if (await removeEmpty(path.join(root, stray))) continue;
        log.warn('a directory among the volumes belongs to none: docker volume create takes it', { name: stray });
      }
      return gone;
    },
  };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoCode(error) ?? '')) return false;
    throw error;
  }
}

async function recoverFill(
  trees: TreeWork,
  { fill, full, into }: { fill: string; full: string; into: string },
): Promise<void> {
  if (await exists(fill)) await trees.remove(fill);
  if (await exists(full)) await pour(trees, full, into);
}

/** Moves what is in `full` into a directory, which gets its owner, mode and attributes; goes on where a crash ended it. */
async function pour(trees: TreeWork, full: string, into: string): Promise<void> {
  for (const name of await readdir(full, { encoding: 'buffer' })) {
    const at = (directory: string) => Buffer.concat([Buffer.from(`${directory}/`), name]);
    await rename(at(full), at(into));
  }
  await trees.copy(full, into);
  await rmdir(full);
}

/** By rmdir(2), which leaves what holds anything. */
async function removeEmpty(directory: string): Promise<boolean> {
  try {
    if (await exists(path.join(directory, '_data'))) await rmdir(path.join(directory, '_data'));
    await rmdir(directory);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EBUSY', 'ENOTDIR'].includes(errnoCode(error) ?? '')) return false;
    throw error;
  }
}
