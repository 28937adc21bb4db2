import type { Digest } from '../../base/digest.ts';
import type { PathStatus } from '../../storage/files/path-in-root.ts';
import type { ImageConfig, LabelMatch } from '../images/image-service.ts';

/** What a container's processes and its users did to its files: copying in and out, what changed, and that as an image. */
export interface ContainerFiles {
  /** Of the path itself; with a slash at its end, of what it leads to. @throws EngineError `not-found`, `invalid` */
  stat(name: string, path: string): Promise<PathStatus>;
  /** A file, or a directory with everything below it, as a tar whose names begin with the last component of the path. */
  read(name: string, path: string): Promise<{ status: PathStatus; archive: AsyncIterable<Uint8Array> }>;
  /**
   * Unpacks a tar, plain or compressed, in a directory of the container, whether it runs or not.
   * @throws EngineError `not-found`, `invalid`, `forbidden` where the container may not write there
   */
  write(name: string, path: string, archive: AsyncIterable<Uint8Array>, options: WriteFiles): Promise<void>;
  /** What differs from the image. */
  changes(name: string): Promise<readonly FileChange[]>;
  /** @throws EngineError `conflict`, `invalid`, `not-found` */
  commit(request: CommitContainer): Promise<Digest>;
}

export interface WriteFiles {
  /** Refuses to put a directory in the place of anything else, and the other way round. */
  keepKinds: boolean;
  /** Everything belongs to the container's user, instead of who the archive says. */
  asUser: boolean;
}

export interface FileChange {
  /** Absolute. */
  path: string;
  kind: 'added' | 'modified' | 'deleted';
}

export interface CommitContainer {
  container: string;
  /** `name` or `name:tag`. */
  reference?: string;
  author?: string;
  comment?: string;
  /** Its processes stand still meanwhile. */
  pause: boolean;
  /** Goes before what the container was made with. */
  config: Partial<ImageConfig> | undefined;
  /** Dockerfile instructions, one a line; they go before everything. */
  changes: readonly string[];
}

/** Which containers a prune takes, of those that do not run. */
export interface PruneContainers {
  createdUntil?: Date;
  /** All of them, by key or with their value. */
  labels: readonly LabelMatch[];
  /** Not those that have all of these. */
  withoutLabels: readonly LabelMatch[];
}

export interface PrunedContainers {
  /** Their ids. */
  removed: readonly string[];
  /** Bytes of their own layers. */
  reclaimed: number;
}

/** One at a time. */
export type ContainerPruner = (which: PruneContainers) => Promise<PrunedContainers>;
