import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { createLimit, type Limit } from '../../base/limit.ts';
import type { KeptFolders } from './kept-folders.ts';
import type { ExecMount } from './node.ts';
import { keyOf } from './step-keys.ts';

export type CacheMount = Extract<ExecMount, { type: 'cache' }>;

export interface OpenedCaches {
  /** Folder of each mount. */
  sources: ReadonlyMap<CacheMount, string>;
  close(): void;
}

/** Folders that stay from build to build, by their ids (Dockerfile reference, "RUN --mount=type=cache"). */
export interface CacheMounts {
  /**
   * Opens all of one step at once: the locked ones wait for each other in one order, so that no two steps wait for ever.
   * @param using is told the id of each
   * @throws the signal's reason while it waits
   */
  open(mounts: readonly CacheMount[], signal: AbortSignal, using: (id: string) => void): Promise<OpenedCaches>;
}

export function createCacheMounts({ dataRoot, kept }: { dataRoot: string; kept: KeptFolders }): CacheMounts {
  const locks = new Map<string, Limit>();
  /** Private folders that a step has. */
  const taken = new Set<string>();

  const lock = async (name: string, signal: AbortSignal): Promise<() => void> => {
    const limit = locks.get(name) ?? createLimit(() => 1);
    locks.set(name, limit);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
    const held = limit.run(() => {
      enter();
      return released;
    }, signal);
    // fails only while it waits
    await Promise.race([entered, held]);
    return release;
  };
  const privateName = (id: string): string => {
    for (let number = 0; ; number++) {
      const name = number === 0 ? id : `${id} ${number}`;
      if (!taken.has(name)) return name;
    }
  };

  return {
    async open(mounts, signal, using) {
      const closing: (() => void)[] = [];
      const close = () => {
        for (const each of closing.splice(0)) each();
      };
      try {
        const locked = new Set(mounts.filter(({ sharing }) => sharing === 'locked').map(({ id }) => id));
        for (const id of [...locked].sort()) closing.push(await lock(id, signal));
        const names = new Map<string, string>();
        for (const { id, sharing } of mounts) {
          if (names.has(id)) continue;
          const name = sharing === 'private' ? privateName(id) : id;
          names.set(id, name);
          if (sharing !== 'private') continue;
          taken.add(name);
          closing.push(() => taken.delete(name));
        }
        const sources = mounts.map((mount) => {
          const name = names.get(mount.id) ?? mount.id;
          const id = cacheMountId(name);
          using(id);
          return [mount, openFolder({ dataRoot, kept }, { id, name, mount })] as const;
        });
        return { sources: new Map(sources), close };
      } catch (error) {
        close();
        throw error;
      }
    },
  };
}

const cacheMountId = (name: string) => keyOf('exec.cachemount', name).slice(0, 25);

function openFolder(
  { dataRoot, kept }: { dataRoot: string; kept: KeptFolders },
  { id, name, mount }: { id: string; name: string; mount: CacheMount },
): string {
  const { target, mode, uid, gid } = mount;
  const folder = path.posix.join('caches', id);
  const directory = path.join(dataRoot, 'build', folder);
  // before the folder: one without a row is what a prune that was cut off has left
  kept.put({ id, type: 'exec.cachemount', description: `cache mount ${name} at ${target}`, folder });
  if (mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined) {
    chownSync(directory, uid, gid);
    chmodSync(directory, mode);
  }
  return directory;
}
