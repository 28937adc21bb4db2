import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { diskFull } from '../../base/disk-full.ts';
import { EngineError } from '../../base/errors.ts';
import { openReserve, type Reserve } from './reserve.ts';
import { migrations } from './schema.ts';

/** `beluga` in ASCII, kept in SQLite's application_id: tells our file from a foreign one. */
const applicationId = 0x62656c75;

const durable = 'PRAGMA synchronous = FULL';
/** With a write-ahead log: commits are written, in order, and reach the disk with the next durable one. */
const light = 'PRAGMA synchronous = NORMAL';

/** Pages of the log, 2 MiB, after which it is begun anew: less than what is set aside in it. */
const checkpoints = 'PRAGMA wal_autocheckpoint = 512';
const bytesAside = 3 * 1024 * 1024;

/**
 * The engine's memory: one SQLite file with one writer, this process. Calls are synchronous: tens of µs, and for a
 * transaction the wait for the disk, milliseconds.
 */
export interface Records {
  /** For the record modules of services and storage; prepare statements once. Integers come as bigint where asked. */
  readonly database: DatabaseSync;
  /** Runs `work` in one transaction (nested calls join the outer one); a throw undoes all of it. */
  transaction<T>(work: () => T): T;
  /**
   * The same for what nobody builds on: it outlives this process, but the last ones may be lost with the machine's power.
   * Saves the wait for the disk.
   */
  lightTransaction<T>(work: () => T): T;
  /** Runs `after` once the current transaction is durable, at once when there is none; dropped on rollback. */
  afterCommit(after: () => void): void;
  /**
   * Takes room inside of the file and of its log, which nobody else can fill: changes go on for a while on a full disk.
   * Takes tens of milliseconds. Where there is no room now, nothing happens.
   */
  setSpaceAside(): void;
  close(): void;
}

/**
 * Opens or makes the file and brings its schema up to date.
 *
 * @throws EngineError `conflict` with reason `data-root.newer-schema` or `data-root.foreign`; the file stays untouched.
 */
export function openRecords(file: string): Records {
  keepPrivate(file);
  const database = new DatabaseSync(file);
  try {
    checkOwner(database, file);
    database.exec(`PRAGMA journal_mode = WAL; ${checkpoints}; ${durable}; PRAGMA foreign_keys = ON;`);
    migrate(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return createRecords(database, openReserve(file));
}

/** Environments of containers are in there: nobody else may read it. SQLite gives its side files the same mode. */
function keepPrivate(file: string): void {
  if (file === ':memory:') return;
  closeSync(openSync(file, 'a', 0o600));
}

function pragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get() ?? {};
  return Number(Object.values(row)[0]);
}

function checkOwner(database: DatabaseSync, file: string): void {
  let version: number;
  let owner: number;
  let tables: number;
  try {
    version = pragma(database, 'user_version');
    owner = pragma(database, 'application_id');
    tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);
  } catch (cause) {
    throw foreign(file, cause);
  }
  if (owner !== applicationId && (owner !== 0 || version !== 0 || tables !== 0)) throw foreign(file);
  if (version > migrations.length) {
    throw new EngineError(
      'conflict',
      `${file} was written by a newer Beluga (schema ${version}, this one knows ${migrations.length}): start that version, or choose another --data-root`,
      {
        reason: 'data-root.newer-schema',
        params: { dataRoot: path.dirname(file), found: version, known: migrations.length },
      },
    );
  }
}

function foreign(file: string, cause?: unknown): EngineError {
  return new EngineError('conflict', `${file} is not Beluga's: choose another --data-root`, {
    reason: 'data-root.foreign',
    params: { dataRoot: path.dirname(file), file: path.basename(file) },
    cause,
  });
}

function migrate(database: DatabaseSync): void {
  const from = pragma(database, 'user_version');
  if (from === migrations.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const step of migrations.slice(from)) database.exec(step);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function createRecords(database: DatabaseSync, reserve: Reserve): Records {
  let depth = 0;
  let pending: (() => void)[] = [];
  const attempt = <T>(work: () => T): T => {
    database.exec('BEGIN IMMEDIATE');
    depth = 1;
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      pending = [];
      // a full disk has ended it already
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    } finally {
      depth = 0;
    }
  };
  const whole = <T>(once: () => T): T => {
    const result = unlessLocked(() => withReserve(reserve, once));
    const after = pending;
    pending = [];
    for (const run of after) run();
    reserve.refill();
    return result;
  };
  const attemptLightly = <T>(work: () => T): T => {
    database.exec(light);
    try {
      return attempt(work);
    } finally {
      database.exec(durable);
    }
  };
  return {
    database,
    transaction: (work) => (depth > 0 ? work() : whole(() => attempt(work))),
    lightTransaction: (work) => (depth > 0 ? work() : whole(() => attemptLightly(work))),
    afterCommit(after) {
      if (depth > 0) pending.push(after);
      else after();
    },
    setSpaceAside: () => setSpaceAside(database),
    close() {
      database.close();
    },
  };
}

/** What was written and taken away again leaves free pages in the file, and a log that keeps its size. */
function setSpaceAside(database: DatabaseSync): void {
  const key = 'set-aside';
  try {
    database.prepare("INSERT OR REPLACE INTO meta VALUES (?, printf('%.*c', ?, 'x'))").run(key, bytesAside);
    database.prepare('DELETE FROM meta WHERE key = ?').run(key);
  } catch (error) {
    if (!isFull(error) && !isLocked(error)) throw error;
  }
}

/** @throws EngineError `unavailable` (`storage.locked`). */
function unlessLocked<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!isLocked(cause)) throw cause;
    const message = 'the records are locked by another program that reads or writes them: end it, then try again';
    throw new EngineError('unavailable', message, { reason: 'storage.locked', cause });
  }
}

/** On a full disk once more with the reserve's space. @throws EngineError `unavailable` (`storage.disk-full`). */
function withReserve<T>(reserve: Reserve, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isFull(error)) throw error;
    if (!reserve.release()) throw diskFull(error);
  }
  try {
    return work();
  } catch (error) {
    throw isFull(error) ? diskFull(error) : error;
  }
}

/** SQLITE_BUSY and SQLITE_LOCKED: somebody else writes. */
function isLocked(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && [5, 6].includes(Number(error.errcode) & 0xff);
}

/**
 * The failure of opening what was found in `dataRoot`: SQLITE_CORRUPT in words that help, anything else as it is. What is
 * damaged is found by whoever reads it first.
 */
export function damagedOr(error: unknown, dataRoot: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || (Number(error.errcode) & 0xff) !== 11) return error;
  const message = `the records in ${dataRoot}/beluga.db are damaged (${error.message}): put a backup of the file back, or choose another --data-root`;
  return new EngineError('conflict', message, {
    reason: 'data-root.damaged',
    params: { dataRoot, file: 'beluga.db' },
    cause: error,
  });
}

/** SQLITE_FULL, and the I/O errors that a full disk makes of a growing shared-memory file. */
function isFull(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  const code = Number(error.errcode);
  return code === 13 || (code & 0xff) === 10;
}
