/** A place for data that outlives containers. */
export interface Volume {
  name: string;
  /** Directory on the engine's host. */
  mountpoint: string;
  createdAt: Date;
  /** As they were given; absent where nobody gave any. */
  labels?: Readonly<Record<string, string>>;
  /** Of the local driver: `type`, `device`, `o`. */
  options?: Readonly<Record<string, string>>;
  /** Ids of the containers that have it, running or not. */
  users: readonly string[];
}

export interface CreateVolume {
  /** Absent or empty: one of 64 hex digits. */
  name?: string;
  /** Absent or empty: `local`. */
  driver?: string;
  labels?: Readonly<Record<string, string>>;
  options?: Readonly<Record<string, string>>;
}

export interface PruneVolumes {
  /** Also those that somebody gave a name. */
  all: boolean;
  /** Whether a volume's labels pass. */
  passes(labels: Readonly<Record<string, string>>): boolean;
}

/** Volumes of the driver `local`. */
export interface VolumeService {
  /** One that exists is given as it is. @throws EngineError `invalid`, `not-found` for another driver. */
  create(request: CreateVolume): Promise<Volume>;
  /** Oldest first. */
  list(): readonly Volume[];
  /** @throws EngineError `not-found`, Docker's "get NAME: no such volume". */
  inspect(name: string): Volume;
  /** @throws EngineError `not-found` unless forced, `conflict` (`volume.in-use`). */
  remove(name: string, options?: { force?: boolean }): Promise<void>;
  /** Those that no container has and that are plain directories. `reclaimed` in bytes. @throws EngineError `conflict` while another one goes on. */
  prune(which: PruneVolumes): Promise<{ removed: readonly string[]; reclaimed: number }>;
  /** Bytes of the files of plain volumes, without those that are mounted by options of their own. Walks them, elsewhere. */
  usage(): Promise<readonly { volume: Volume; bytes: number }[]>;
}

/** Docker's label of a volume that was made without a name. */
export const anonymousLabel = 'com.docker.volume.anonymous';

export interface TakeVolume extends CreateVolume {
  /** @throws EngineError `not-found` instead of making it. */
  mustExist?: boolean;
  /** It goes with its container, as long as that is not written down: see `keep`. */
  temporary?: boolean;
  /** With Docker's label of volumes without a name. */
  marked?: boolean;
}

/** How a container mounts a volume, for the event. */
export interface VolumeUse {
  target: string;
  readOnly: boolean;
  propagation: string;
}

/** What containers ask of volumes. One that a container has taken cannot be removed. */
export interface ContainerVolumes {
  /** Makes it where it is not there. @throws EngineError as `create`. */
  take(container: string, wanted: TakeVolume): Promise<Volume>;
  /**
   * Copies the directory `from` into a volume, or a directory of one, that is empty; its own owner, mode and attributes
   * as well. After a crash in the middle the volume is as empty as before, or full.
   */
  fill(name: string, container: string, from: string, subpath?: string): Promise<void>;
  /** The container is written down: its temporary volumes are as lasting as it. */
  keep(container: string): void;
  /** The container has none any more; those named go if nobody else has them. */
  release(container: string, gone: readonly string[]): Promise<void>;
  /** Makes a volume's own mount if it has one, and tells. @returns the directory @throws EngineError in Docker's words */
  mount(name: string, container: string, use: VolumeUse): Promise<string>;
  /** All of a container that ended; the last one's end takes a volume's own mount away. A second call does nothing. */
  unmount(container: string): Promise<void>;
  /** Makes the own mounts of volumes for as long as their files are looked at, without telling. @returns what ends it */
  borrow(container: string, names: readonly string[]): Promise<() => Promise<void>>;
  /** At the start of the engine: what a container of an engine before has, and whether it was mounted. */
  adopt(container: string, names: readonly string[], mounted: boolean): void;
  /** After the start: mounts that nobody uses and volumes of containers that never were go. */
  settle(): Promise<void>;
}
