import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { spreadDirectories } from '../../base/spread-directories.ts';
import type { KeptFolders } from './kept-folders.ts';
import { keyOf } from './step-keys.ts';

/** A folder that one build has for itself until it is closed. */
export interface LocalSource {
  directory: string;
  close(): void;
}

/** Folders with what clients have sent, kept so that the next time only what has changed is sent. */
export interface LocalSources {
  /**
   * Two builds at once have one each, of which each is kept.
   * @param origin what the client calls what it builds from
   * @param name of the folder among those that it sends
   * @param using is told the id
   */
  open(origin: string, name: string, using: (id: string) => void): LocalSource;
}

export function createLocalSources({ dataRoot, kept }: { dataRoot: string; kept: KeptFolders }): LocalSources {
  const taken = new Set<string>();
  mkdirSync(path.join(dataRoot, 'build/local'), { recursive: true, mode: 0o700 });
  spreadDirectories(path.join(dataRoot, 'build/local'));
  const freeId = (origin: string, name: string): string => {
    for (let number = 0; ; number++) {
      const id = keyOf('source.local', origin, name, number).slice(0, 25);
      if (!taken.has(id)) return id;
    }
  };
  return {
    open(origin, name, using) {
      const id = freeId(origin, name);
      using(id);
      const folder = path.posix.join('local', id);
      const directory = path.join(dataRoot, 'build', folder);
      // before the folder: one without a row is what a prune that was cut off has left
      kept.put({ id, type: 'source.local', description: `local source for ${name}`, folder });
      // as COPY . shows it
      mkdirSync(directory, { recursive: true, mode: 0o755 });
      taken.add(id);
      return { directory, close: () => void taken.delete(id) };
    },
  };
}
