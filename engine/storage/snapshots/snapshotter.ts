import type { Mount } from '../../base/mount.ts';

export interface SnapshotInfo {
  key: string;
  parent?: string;
  kind: 'committed' | 'active';
  /** Bytes on disk of this layer alone, recorded at commit. */
  bytes: number;
  inodes: number;
}

/** Where a layer's tar is unpacked to while its snapshot is active. */
export interface LayerTarget {
  /** Directory that stands for `/`. */
  directory: string;
  /** `overlay`: whiteouts become 0/0 devices and opaque xattrs; `remove`: they delete what the parent had. */
  whiteouts: 'overlay' | 'remove';
  /** The parents' directories, nearest first, where `directory` does not contain them already; 'unknown': see `apart`. */
  lowers?: readonly string[] | 'unknown';
  /** The parent's directory, where `directory` began as a copy of it. */
  copyOf?: string;
}

export interface MountOptions {
  volatile?: boolean;
  readOnly?: boolean;
  /** Where the root of all snapshots is mounted once more, with its owners mapped: the layers are taken from there. */
  through?: string;
}

/** What a snapshot that was prepared without a parent is put on. */
export interface NewParent {
  parent: string;
  /** Whether its root directory is still to become like the parent's. */
  likeRoot: boolean;
}

/**
 * Layered root filesystems as transactions: `prepare` opens a writable child of a committed parent, `commit` freezes it
 * under a name, `remove` abandons it. Only committed snapshots can be parents. A crash at any point leaves a state that
 * the next `open` cleans. Committed layers are named by chain id (OCI image spec, config.md "Layer ChainID"); a
 * container's writable layer by `container:<id>`.
 */
export interface Snapshotter {
  readonly name: 'overlay' | 'fuse-overlayfs' | 'vfs';
  /** Whether a layer can be unpacked before its parents are there: into a snapshot without one, which `commit` puts on them. */
  readonly apart: boolean;
  /** @throws EngineError `not-found`. */
  stat(key: string): Promise<SnapshotInfo>;
  /** @throws EngineError `conflict` when the key exists, `not-found` when the parent does not. */
  prepare(key: string, parent?: string): Promise<void>;
  /**
   * The mounts that make an active snapshot's root filesystem; mounting is the caller's. `readOnly`: beside one that is
   * mounted for writing.
   */
  mounts(key: string, options?: MountOptions): Promise<readonly Mount[]>;
  /** Where an active snapshot takes an unpacked layer. */
  target(key: string): Promise<LayerTarget>;
  /**
   * Freezes an active snapshot under `name`; durable when it resolves, unless that comes later (storage/late-sync.ts). Committing a name that exists removes `key`.
   * @throws EngineError `not-found` when the parent that it is put on does not exist.
   */
  commit(
    name: string,
    key: string,
    usage: { bytes: number; inodes: number },
    onto?: NewParent,
    options?: { isLate: boolean },
  ): Promise<void>;
  /** Forgotten before the promise is returned; its files go in the background. @throws EngineError `conflict` while it has children. */
  remove(key: string): Promise<void>;
  usage(key: string): Promise<{ bytes: number; inodes: number }>;
  /** Bytes that snapshots take on the disk, of each alone, by key; those that are not there are left out. Walks their files, elsewhere. */
  allocated(keys: readonly string[]): Promise<ReadonlyMap<string, number>>;
  list(): AsyncIterable<SnapshotInfo>;
}
