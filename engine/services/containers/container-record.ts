import type { NetworkEndpoint } from '../../drivers/network/network-provider.ts';
import type { ProcessIdentity } from '../../drivers/oci/runtime.ts';
import type { Records } from '../../storage/records/records.ts';
import type { ContainerConfig, ContainerFailure, ContainerHostConfig, ContainerState } from './container-service.ts';
import type { Health } from './health-service.ts';
import type { MountPoint } from './mounts/mount-point.ts';

/** What only `docker update` changes after create; column `config` of table `containers`. */
export interface FixedPart {
  /** sha256 digest of the image's config. */
  imageId: string;
  /** Program and arguments, image and request joined. */
  path: string;
  args: readonly string[];
  config: ContainerConfig;
  hostConfig: ContainerHostConfig;
  /** Outer ones first; absent of containers of Beluga 0.1, whose VOLUMEs are part of their own layer. */
  mounts?: readonly MountPoint[];
  runtime: string;
  snapshotter: string;
  platform: string;
  /** `linux/arm64/v8`; absent of containers of Beluga 0.1. */
  imagePlatform?: string;
}

/** What changes; column `status`. Times are milliseconds since the epoch. */
export interface Status {
  pid: number;
  /** The container's first process, while it lives. */
  process?: ProcessIdentity;
  /** /proc/sys/kernel/random/boot_id of the last start. */
  bootId?: string;
  exitCode: number;
  error: string;
  /** What `error` is translated by, where there is more than its words. */
  failure?: ContainerFailure | undefined;
  oomKilled: boolean;
  /** Of one with a health check, since its first start. */
  health?: Health | undefined;
  /** Restarts by policy since the last start by hand; absent = 0. */
  restartCount?: number;
  /** Since its last start somebody asked it to end: no policy restarts it. */
  stoppedByHand?: boolean;
  /** While it is being removed: its anonymous volumes go as well. */
  removeVolumes?: boolean;
  /** It stands still for a while, and is let go by itself. */
  pausedBy?: 'commit' | undefined;
  /** Of AppArmor, since its last start. */
  appArmorProfile?: string | undefined;
  startedAt?: number;
  finishedAt?: number;
  /** On the bridge only, while it lives. */
  endpoint?: NetworkEndpoint;
}

/** One container as the engine remembers it. Replaced whole on every change, never changed in place. */
export interface ContainerRecord {
  readonly id: string;
  /** Without the slash. */
  readonly name: string;
  readonly state: ContainerState;
  /** Nanoseconds since the epoch; grows with every create. */
  readonly createdNano: bigint;
  readonly fixed: FixedPart;
  readonly status: Status;
}

/** Rows of table `containers`, written inside the caller's transaction. */
export interface ContainerRows {
  all(): ContainerRecord[];
  insert(record: ContainerRecord): void;
  /** Name, state and status; the rest stays as created. */
  update(record: ContainerRecord): void;
  /** The rest. */
  updateFixed(record: ContainerRecord): void;
  delete(id: string): void;
}

export function openContainerRows(records: Records): ContainerRows {
  const { database } = records;
  const all = database.prepare('SELECT * FROM containers ORDER BY created_ns');
  all.setReadBigInts(true);
  const insert = database.prepare(
    'INSERT INTO containers (id, name, state, created_ns, config, status) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const update = database.prepare('UPDATE containers SET name = ?, state = ?, status = ? WHERE id = ?');
  const updateFixed = database.prepare('UPDATE containers SET config = ? WHERE id = ?');
  const remove = database.prepare('DELETE FROM containers WHERE id = ?');
  return {
    all: () =>
      all.all().map((row) => ({
        id: row.id as string,
        name: row.name as string,
        state: row.state as ContainerState,
        createdNano: row.created_ns as bigint,
        fixed: JSON.parse(row.config as string) as FixedPart,
        status: JSON.parse(row.status as string) as Status,
      })),
    insert: ({ id, name, state, createdNano, fixed, status }) => {
      insert.run(id, name, state, createdNano, JSON.stringify(fixed), JSON.stringify(status));
    },
    update: ({ id, name, state, status }) => {
      update.run(name, state, JSON.stringify(status), id);
    },
    updateFixed: ({ id, fixed }) => {
      updateFixed.run(JSON.stringify(fixed), id);
    },
    delete: (id) => {
      remove.run(id);
    },
  };
}
