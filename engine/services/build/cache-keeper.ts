import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { allocatedBytes } from '../../base/allocated-bytes.ts';
import type { Digest } from '../../base/digest.ts';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import { errnoCode } from '../../base/libc.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { Records } from '../../storage/records/records.ts';
import type { BuildImages, ImageService } from '../images/image-service.ts';
import type { BuildCache, StoredStep } from './build-cache.ts';
import type { CacheFilter, CacheRecord } from './build-service.ts';
import type { KeptFolder, KeptFolders } from './kept-folders.ts';
import { type CacheDisk, ownBytes, selectToPrune } from './select-cache.ts';

export interface CacheKeeperParts {
  records: Records;
  events: EventBus;
  cache: BuildCache;
  kept: KeptFolders;
  images: Pick<ImageService, 'list'> & { forBuilds: BuildImages };
  chainIdOf(diffIds: readonly Digest[]): string;
  dataRoot: string;
}

/** What one running build has of the cache. */
export interface CacheUse {
  /** A key of a step, or the id of a folder. */
  add(key: string): void;
  end(): void;
}

/** Knows everything that builds keep, and takes it away. */
export interface CacheKeeper {
  /** The last used first. */
  list(): Promise<readonly CacheRecord[]>;
  prune(filter: CacheFilter): Promise<{ ids: readonly string[]; bytes: number }>;
  /** Applies rules one after the other. `rules` is told how big the disk is. */
  collect(rules: (disk: CacheDisk) => readonly CacheFilter[]): Promise<void>;
  use(): CacheUse;
}

const idOf = (key: string) => key.slice(0, 25);

export function createCacheKeeper(parts: CacheKeeperParts): CacheKeeper {
  const { records, events, images } = parts;
  const uses = new Set<ReadonlySet<string>>();
  const lock = createKeyedLock();
  const isInUse = (id: string) => [...uses].some((each) => each.has(id));
  const list = () => listCache(parts, isInUse);
  const disk = async (): Promise<CacheDisk> => {
    const { blocks, bavail, bsize } = await statfs(parts.dataRoot);
    return { total: blocks * bsize, free: bavail * bsize };
  };

  const prune = async (filter: CacheFilter) => {
    const gone = await forget(parts, selectToPrune(await list(), filter, await disk()), isInUse);
    return { ids: gone.map(({ id }) => id), bytes: ownBytes(gone) };
  };
  return {
    list,
    prune: (filter) =>
      lock.run('prune', async () => {
        const pruned = await prune(filter);
        await images.forBuilds.collect();
        const actor = { id: '', attributes: { reclaimed: String(pruned.bytes) } };
        records.lightTransaction(() => events.record({ type: 'builder', action: 'prune', actor }));
        return pruned;
      }),
    collect: (rules) =>
      lock.run('prune', async () => {
        let taken = 0;
        for (const rule of rules(await disk())) taken += (await prune(rule)).ids.length;
        if (taken > 0) await images.forBuilds.collect();
      }),
    use() {
      const mine = new Set<string>();
      uses.add(mine);
      return { add: (key) => void mine.add(idOf(key)), end: () => void uses.delete(mine) };
    },
  };
}

async function listCache(parts: CacheKeeperParts, isInUse: (id: string) => boolean): Promise<CacheRecord[]> {
  const { cache, kept, images, chainIdOf, dataRoot } = parts;
  const folders = kept.all();
  const place = ({ folder }: KeptFolder) => path.join(dataRoot, 'build', folder);
  const sizes = folders.length === 0 ? new Map<string, number>() : await allocatedBytes(folders.map(place));
  const tops = new Set((await images.list()).flatMap(({ diffIds }) => chainsOf(diffIds, chainIdOf)));
  return [
    ...cache.all().map((step) => stepRecord(step, { isInUse, isShared: (top) => tops.has(top) })),
    ...folders.map((each): CacheRecord => {
      const { id, type, description, created, lastUsed, uses } = each;
      const size = sizes.get(place(each)) ?? 0;
      return { id, type, description, size, created, lastUsed, uses, inUse: isInUse(id), shared: false };
    }),
  ].sort((one, other) => other.lastUsed.getTime() - one.lastUsed.getTime());
}

const chainsOf = (diffIds: readonly Digest[], chainIdOf: CacheKeeperParts['chainIdOf']) =>
  diffIds.map((_, index) => chainIdOf(diffIds.slice(0, index + 1)));

function stepRecord(
  { key, result, created, lastUsed, uses }: StoredStep,
  { isInUse, isShared }: { isInUse: (id: string) => boolean; isShared: (top: string) => boolean },
): CacheRecord {
  const { parent, words, layers, top } = result;
  const id = idOf(key);
  return {
    ...{ id, type: 'regular', description: words, size: layers.at(-1)?.size ?? 0, created, lastUsed, uses },
    ...{ inUse: isInUse(id), shared: isShared(top) },
    ...(parent !== undefined && { parent: idOf(parent) }),
  };
}

/** Asks again whether they are used: a build may have begun since they were listed. @returns what is gone */
async function forget(
  { cache, kept, dataRoot }: CacheKeeperParts,
  chosen: readonly CacheRecord[],
  isInUse: (id: string) => boolean,
): Promise<readonly CacheRecord[]> {
  const gone = chosen.filter(({ id }) => !isInUse(id));
  const ids = new Set(gone.map(({ id }) => id));
  for (const { key } of cache.all()) if (ids.has(idOf(key))) cache.delete(key);
  for (const { id, folder } of kept.all()) {
    if (!ids.has(id)) continue;
    if (isInUse(id)) {
      ids.delete(id);
      continue;
    }
    // the row first: a folder without one is taken away at the next start
    kept.delete(id);
    const gone = `${path.join(dataRoot, 'build', folder)}.${randomBytes(4).toString('hex')}`;
    // in the same turn: a build that opens it meanwhile makes a new one
    if (!tryToMove(path.join(dataRoot, 'build', folder), gone)) continue;
    await rm(gone, { recursive: true, force: true });
  }
  return gone.filter(({ id }) => ids.has(id));
}

function tryToMove(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Removes what a prune that was cut off has left. */
export async function clearUnkept(dataRoot: string, kept: KeptFolders): Promise<void> {
  const known = new Set(kept.all().map(({ folder }) => folder));
  for (const kind of ['caches', 'downloads', 'git', 'local']) {
    for (const name of namesIn(path.join(dataRoot, 'build', kind))) {
      if (known.has(`${kind}/${name}`)) continue;
      await rm(path.join(dataRoot, 'build', kind, name), { recursive: true, force: true });
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
