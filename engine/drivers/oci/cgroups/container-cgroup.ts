import type { OciResources } from '../oci-spec.ts';

/** Limits of the OCI runtime spec (config-linux.md, "Control groups") that can change while a container runs. */
export type CgroupLimits = Pick<OciResources, 'memory' | 'cpu' | 'pids' | 'blockIO'>;

/** One container's control group, the same for cgroup v1 (a directory per controller) and v2 (one directory). */
export interface ContainerCgroup {
  /**
   * Sets the limits that are given; the others stay.
   * @throws EngineError `invalid` for a value that the kernel refuses, `conflict` when it cannot be had now (memory below
   *   what is in use), `not-found` when the cgroup is gone.
   */
  update(limits: CgroupLimits): void;
  /** Resolves once every process stands still. @throws EngineError `not-found`, or `internal`; then everything runs. */
  freeze(): Promise<void>;
  /** Lets everything run; also where nothing is frozen, or nothing is there any more. */
  thaw(): void;
  /** False also when the cgroup is gone. */
  frozen(): boolean;
  /** @throws EngineError `not-found` when the cgroup is gone. */
  stats(): CgroupStats;
  /** Host pids of all processes, in cgroups below too. */
  processes(): number[];
}

/** What the kernel counted. Times are nanoseconds since the container's start. */
export interface CgroupStats {
  cpu: {
    total: number;
    kernel: number;
    user: number;
    /** v1 only. */
    perCpu?: readonly number[];
    periods: number;
    throttledPeriods: number;
    throttledTime: number;
  };
  memory: {
    usageBytes: number;
    /** v1 only. */
    maximumBytes?: number;
    /** Absent without a limit. */
    limitBytes?: number;
    /** How often the limit was hit. */
    failures: number;
    /** `memory.stat` as the kernel writes it; a page cache that can be given back is `inactive_file`, in v1 `total_…`. */
    values: Readonly<Record<string, number>>;
  };
  io: { bytes: readonly IoCount[]; operations: readonly IoCount[] };
  pids: { current: number; limit?: number };
}

/** Of one block device. `operation` is Docker's: v1's as the kernel writes them (`Read`, `Total`, …), of v2 `read` and `write`. */
export interface IoCount {
  major: number;
  minor: number;
  operation: string;
  value: number;
}
