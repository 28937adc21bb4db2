import { type Dirent, readdirSync } from 'node:fs';
import path from 'node:path';

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // it was being removed while we looked
    return [];
  }
}

const filesBelow = (folder: string): string[] =>
  entriesOf(folder).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(file) : [file];
  });

/** Files of images and containers in a data root, sorted. The database is left out: it has pages to spare. */
export function filesOfDataRoot(dataRoot: string): string[] {
  return filesBelow(dataRoot)
    .map((file) => path.relative(dataRoot, file))
    .filter((name) => !/\.(?:db|sqlite)(?:-wal|-shm)?$/.test(name))
    .sort();
}
