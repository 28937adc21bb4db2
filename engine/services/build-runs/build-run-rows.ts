import type { Records } from '../../storage/records/records.ts';
import type { BuildRunDetail } from './build-run-service.ts';

/** The rows of `build_runs` (schema in storage/records). Nothing builds on them: the power may take the last ones. */
export interface BuildRunRows {
  /** Newest first. */
  all(): readonly BuildRunDetail[];
  put(run: BuildRunDetail): void;
  remove(ids: readonly string[]): void;
}

export function openBuildRunRows(records: Records): BuildRunRows {
  const { database } = records;
  const all = database.prepare('SELECT record FROM build_runs ORDER BY started_ns DESC, id');
  const put = database.prepare('INSERT OR REPLACE INTO build_runs (id, started_ns, record) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM build_runs WHERE id = ?');
  return {
    all: () => all.all().map((row) => JSON.parse(String(row.record)) as BuildRunDetail),
    put: (run) =>
      void records.lightTransaction(() => put.run(run.id, BigInt(run.startedAt) * 1_000_000n, JSON.stringify(run))),
    remove: (ids) =>
      records.lightTransaction(() => {
        for (const id of ids) remove.run(id);
      }),
  };
}
