import { chmod, chown, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { allocatedBytes } from '../../base/allocated-bytes.ts';
import { diskFullOr } from '../../base/disk-full.ts';
import { EngineError } from '../../base/errors.ts';
import type { Mount } from '../../base/mount.ts';
import type { Records } from '../records/records.ts';
import type { LayerUnpacker } from './layer-unpacker.ts';
import { openSnapshotDirectories, type SnapshotDirectories } from './snapshot-directories.ts';
import { openSnapshotRecords, type SnapshotRecords, type SnapshotRow } from './snapshot-records.ts';
import type { LayerTarget, MountOptions, NewParent, SnapshotInfo, Snapshotter } from './snapshotter.ts';

export interface SnapshotterOptions {
  /**
   * `<data root>/snapshots`: `l/N` a snapshot's own files, `w/N` what overlay needs beside them, `r/N` being removed.
   * The names are short because all parents' directories have to fit into one page of mount options.
   */
  root: string;
  records: Records;
  unpacker: LayerUnpacker;
}

/** What makes a snapshotter of this family different from its siblings. */
export interface SnapshotLayout {
  name: Snapshotter['name'];
  /** The directory starts as a copy of the parent's, and whiteouts delete. */
  copiesParent: boolean;
  /** `directory` with what lies beneath it, nearest parent first. */
  mounts(layers: SnapshotLayers, options: MountOptions): readonly Mount[];
}

export interface SnapshotLayers {
  directory: string;
  work: string;
  parents: readonly string[];
}

/** Snapshots as directories, one for each, with their rows in the records: what overlay, fuse-overlayfs and plain copies share. */
export async function openDirectorySnapshotter(
  options: SnapshotterOptions,
  layout: SnapshotLayout,
): Promise<Snapshotter> {
  const rows = openSnapshotRecords(options.records);
  const directories = await openSnapshotDirectories(options.root, options.unpacker, rows.all());
  return new DirectorySnapshotter({ ...options, rows, directories, layout });
}

interface Parts extends Pick<SnapshotterOptions, 'root' | 'unpacker'> {
  rows: SnapshotRecords;
  directories: SnapshotDirectories;
  layout: SnapshotLayout;
}

class DirectorySnapshotter implements Snapshotter {
  readonly #parts: Parts;
  readonly #preparing = new Set<string>();
  /** Of committed snapshots, whose files do not change, by the names of their directories. */
  readonly #allocated = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get name(): Snapshotter['name'] {
    return this.#parts.layout.name;
  }

  get apart(): boolean {
    return !this.#parts.layout.copiesParent;
  }

  async stat(key: string): Promise<SnapshotInfo> {
    return infoOf(this.#find(key));
  }

  async prepare(key: string, parent?: string): Promise<void> {
    const { rows, directories } = this.#parts;
    if (rows.get(key) || this.#preparing.has(key)) {
      throw new EngineError('conflict', `snapshot ${key} exists already`);
    }
    const below = parent === undefined ? undefined : this.#find(parent);
    if (below?.kind === 'active') throw new EngineError('conflict', `snapshot ${parent} is not committed`);
    this.#preparing.add(key);
    const name = directories.nextName();
    try {
      await this.#fill(name, below);
      rows.insert({ key, ...(parent !== undefined && { parent }), kind: 'active', name, bytes: 0, inodes: 0 });
    } catch (error) {
      await directories.discard(name);
      throw diskFullOr(error);
    } finally {
      this.#preparing.delete(key);
    }
  }

  async mounts(key: string, options: MountOptions = {}): Promise<readonly Mount[]> {
    const { root, directories, layout } = this.#parts;
    const { through } = options;
    const row = this.#findActive(key);
    const seen = (directory: string) =>
      through === undefined ? directory : path.join(through, path.relative(root, directory));
    const own = { directory: seen(directories.own(row.name)), work: seen(directories.work(row.name)) };
    return layout.mounts({ ...own, parents: this.#parentsOf(row).map(seen) }, options);
  }

  async target(key: string): Promise<LayerTarget> {
    const row = this.#findActive(key);
    const directory = this.#parts.directories.own(row.name);
    const parents = this.#parentsOf(row);
    if (!this.#parts.layout.copiesParent) return { directory, whiteouts: 'overlay', lowers: parents };
    return { directory, whiteouts: 'remove', ...(parents[0] && { copyOf: parents[0] }) };
  }

  async commit(
    name: string,
    key: string,
    usage: { bytes: number; inodes: number },
    onto?: NewParent,
    { isLate } = { isLate: false },
  ): Promise<void> {
    const { rows, directories, unpacker } = this.#parts;
    const row = this.#findActive(key);
    if (onto?.likeRoot) await likeRoot(directories.own(this.#find(onto.parent).name), directories.own(row.name));
    if (!isLate) await unpacker.sync(directories.own(row.name));
    const exists = rows.get(name) !== undefined;
    if (exists) rows.delete(key);
    else rows.commit(name, key, usage, onto && this.#find(onto.parent).key);
    await (exists ? directories.discard(row.name) : directories.discardWork(row.name));
  }

  // async only in its shape up to the row: a check before it in the same turn still holds
  async remove(key: string): Promise<void> {
    const { rows, directories } = this.#parts;
    const row = this.#find(key);
    if (rows.hasChildren(key)) throw new EngineError('conflict', `snapshot ${key} has children: remove them first`);
    rows.delete(key);
    await directories.discard(row.name);
  }

  async usage(key: string): Promise<{ bytes: number; inodes: number }> {
    const { unpacker, directories } = this.#parts;
    const row = this.#find(key);
    if (row.kind === 'active') return unpacker.measure(directories.own(row.name));
    return { bytes: row.bytes, inodes: row.inodes };
  }

  async allocated(keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { rows, directories } = this.#parts;
    const found = keys.map((key) => rows.get(key)).filter((row) => row !== undefined);
    const pathsOf = ({ name, kind }: SnapshotRow) => [
      directories.own(name),
      ...(kind === 'active' ? [directories.work(name)] : []),
    ];
    const bytes = await allocatedBytes(found.filter(({ name }) => !this.#allocated.has(name)).flatMap(pathsOf));
    const sum = (row: SnapshotRow) => pathsOf(row).reduce((total, path) => total + (bytes.get(path) ?? 0), 0);
    return new Map(
      found.map((row) => {
        const known = this.#allocated.get(row.name) ?? sum(row);
        if (row.kind === 'committed') this.#allocated.set(row.name, known);
        return [row.key, known];
      }),
    );
  }

  async *list(): AsyncIterable<SnapshotInfo> {
    for (const row of this.#parts.rows.all()) yield infoOf(row);
  }

  #find(key: string): SnapshotRow {
    const row = this.#parts.rows.get(key);
    if (!row) throw new EngineError('not-found', `snapshot ${key} does not exist`);
    return row;
  }

  #findActive(key: string): SnapshotRow {
    const row = this.#find(key);
    if (row.kind !== 'active') throw new EngineError('conflict', `snapshot ${key} is committed`);
    return row;
  }

  #parentsOf(row: SnapshotRow): string[] {
    const parents: string[] = [];
    for (let key = row.parent; key !== undefined; ) {
      const parent = this.#find(key);
      parents.push(this.#parts.directories.own(parent.name));
      key = parent.parent;
    }
    return parents;
  }

  async #fill(name: string, parent: SnapshotRow | undefined): Promise<void> {
    const { directories, layout, unpacker } = this.#parts;
    const own = directories.own(name);
    await mkdir(own, { mode: 0o755 });
    if (!layout.copiesParent) await mkdir(directories.work(name), { mode: 0o700 });
    if (!parent) return;
    const below = directories.own(parent.name);
    if (layout.copiesParent) return unpacker.copy(below, own);
    await likeRoot(below, own);
  }
}

/** An overlay shows the upper directory's owner and mode as those of the root. */
async function likeRoot(below: string, own: string): Promise<void> {
  const { uid, gid, mode } = await stat(below);
  await chown(own, uid, gid);
  await chmod(own, mode & 0o7777);
}

function infoOf({ name: _, ...info }: SnapshotRow): SnapshotInfo {
  return info;
}
