/** One entry of Docker's HostConfig.Mounts, in our words. */
export interface RequestedMount {
  type: string;
  source?: string;
  target: string;
  readOnly: boolean;
  /** Of containers of Beluga 0.1: a bind's propagation, a tmpfs's options. */
  options?: string;
  consistency?: string;
  bind?: BindWishes;
  volume?: VolumeWishes;
  tmpfs?: TmpfsWishes;
  image?: { subpath?: string };
}

export interface BindWishes {
  propagation?: string;
  /** Without what is mounted below the source. */
  nonRecursive?: boolean;
  createMountpoint?: boolean;
  /** What is mounted below a read-only one stays writable. */
  readOnlyNonRecursive?: boolean;
  /** Refused where the kernel cannot make what is mounted below read-only as well. */
  readOnlyForceRecursive?: boolean;
}

export interface VolumeWishes {
  noCopy?: boolean;
  labels?: Readonly<Record<string, string>>;
  subpath?: string;
  driver?: { name?: string; options?: Readonly<Record<string, string>> };
}

export interface TmpfsWishes {
  sizeBytes?: number;
  /** Permission bits. */
  mode?: number;
  options?: readonly (readonly string[])[];
}

/** A mount of a container as it was resolved when it was created; kept with it. */
export interface MountPoint {
  type: 'bind' | 'volume' | 'tmpfs' | 'image';
  /** Of a volume. */
  name?: string;
  /** On the engine's host; of an image its reference; empty for tmpfs. */
  source: string;
  target: string;
  /** Of a volume. */
  driver?: string;
  /** What `-v` had behind the last colon, or Docker's `z` of a volume without. */
  mode: string;
  readOnly: boolean;
  /** Of a bind, e.g. `rprivate`; else empty. */
  propagation: string;
  /** Nobody named the volume: `docker rm -v` takes it along. */
  anonymous?: true;
  /** Directory of a volume or an image that is mounted instead of the whole. */
  subpath?: string;
  /** Of a tmpfs, as mount(8) has them. */
  options?: readonly string[];
  /** A bind's source that is missing is made. */
  makeSource?: true;
  nonRecursive?: true;
  /** Read-only without what is mounted below, or not at all where that cannot be; absent: as far as it can be. */
  readOnlyBelow?: 'never' | 'must' | 'conflict';
  /** The image that is mounted, and the snapshot that shows it. */
  image?: { id: string; snapshot: string };
}

/** The same before its volume or snapshot is there. */
export interface PlannedMount extends MountPoint {
  /** What the volume is to be where it does not exist. */
  volume?: { name: string; labels?: Readonly<Record<string, string>>; options?: Readonly<Record<string, string>> };
  /** An empty volume gets what the image has there. */
  copy: boolean;
  /** Of `--volumes-from`: the volume has to exist. */
  inherited?: true;
  /** Of the image's VOLUME or of `-v /path`. */
  declared?: true;
}
