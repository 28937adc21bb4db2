/**
 * What the engine remembers: one SQLite file, `<data root>/beluga.db`.
 *
 *   meta(key, value)                      instance facts fixed at the first start: snapshotter, instance
 *   events(sequence, time_ns, type,       what happened, written in the transaction of the change it tells;
 *          action, actor_id, attributes)  `docker events --since` reads from here; the oldest are dropped
 *   containers(id, name, state,           one row a container; `config` never changes after create,
 *          created_ns, config, status)    `status` is everything that does; both JSON of services/containers
 *   images(id, created_ns, record)        id = digest of the image's config; `record` JSON of services/images
 *   image_references(reference,           a tag or digest reference -> the image and the index or manifest
 *          image_id, target, unverified)  it came from ('' when that was taken off); the mirror whose word
 *                                         alone a tag is
 *   snapshots(key, parent, kind,          root filesystems: kind 'committed' | 'active';
 *          name, bytes, inodes)           `name` = directory below <data root>/snapshots
 *   leases(id, created_ns)                unfinished work: what a lease holds is not collected
 *   lease_items(lease_id, kind, key)      kind 'content' | 'snapshot'
 *   endpoints(container_id, endpoint)     a container's place on the bridge: address, ports; JSON of
 *                                         drivers/network; goes when its namespace is gone
 *   transfers(id, record)                 pulls that belong to nobody's connection and have not ended: they go on
 *                                         with the next engine; JSON of services/transfers
 *   volumes(name, created_ns, record)     data below <data root>/volumes/NAME; JSON of services/volumes
 *   build_steps(key, created_ns, used_ns,  what builds have made, by what it was made of; `record` JSON of
 *          uses, record)                 services/build
 *   build_kept(id, type, created_ms,      folders that builds keep below <data root>/build: cache mounts, downloads;
 *          used_ms, uses, record)         JSON of services/build
 *   build_marks(place, words, key,        what each step of a Dockerfile was made of when it was last made, to tell why
 *          used_ms, record)               it is made again; JSON of services/build, compressed
 *
 * Times are nanoseconds, with `_ms` milliseconds since the epoch. `user_version` is the number of migrations applied.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ns INTEGER NOT NULL,
    type TEXT NOT NULL,
    action TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    attributes TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_by_time ON events (time_ns);
  CREATE TABLE containers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    config TEXT NOT NULL,
    status TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE images (
    id TEXT PRIMARY KEY,
    created_ns INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE image_references (
    reference TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES images (id),
    target TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX image_references_by_image ON image_references (image_id);
  CREATE TABLE snapshots (
    key TEXT PRIMARY KEY,
    parent TEXT REFERENCES snapshots (key),
    kind TEXT NOT NULL CHECK (kind IN ('committed', 'active')),
    name TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    inodes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX snapshots_by_parent ON snapshots (parent);
  CREATE TABLE leases (id TEXT PRIMARY KEY, created_ns INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE lease_items (
    lease_id TEXT NOT NULL REFERENCES leases (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('content', 'snapshot')),
    key TEXT NOT NULL,
    PRIMARY KEY (lease_id, kind, key)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE endpoints (container_id TEXT PRIMARY KEY, endpoint TEXT NOT NULL) STRICT, WITHOUT ROWID;
  UPDATE containers SET config =
    json_set(config, '$.hostConfig.portBindings', json('[]'), '$.hostConfig.publishAllPorts', json('false'));
  `,
  `
  ALTER TABLE image_references ADD COLUMN unverified TEXT;
  CREATE TABLE transfers (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE volumes (name TEXT PRIMARY KEY, created_ns INTEGER NOT NULL, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE build_steps (
    key TEXT PRIMARY KEY,
    created_ns INTEGER NOT NULL,
    used_ns INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE build_kept (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    used_ms INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE build_marks (
    place TEXT PRIMARY KEY,
    words TEXT NOT NULL,
    key TEXT NOT NULL,
    used_ms INTEGER NOT NULL,
    record BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX build_marks_by_words ON build_marks (words, used_ms);
  CREATE INDEX build_marks_by_use ON build_marks (used_ms);
  `,
];
