import type { Root } from '../../storage/collect/collector.ts';
import type { Records } from '../../storage/records/records.ts';
import type { BuiltLayer } from './node.ts';

/** `record` of the table `build_steps`: what a step has made. One result may stand under several keys. */
export interface StepResult {
  /** Of the input; absent: the base image or nothing. */
  parent?: string;
  /** The instruction. */
  words: string;
  /** All, bottom first; the step's own is the last one. */
  layers: readonly BuiltLayer[];
  /** Key of the snapshot on top. */
  top: string;
}

export interface StoredStep {
  key: string;
  result: StepResult;
  created: Date;
  lastUsed: Date;
  uses: number;
}

/** The rows of `build_steps` (schema in storage/records). Synchronous. */
export interface BuildCache {
  /** Counts as a use. */
  find(key: string): StepResult | undefined;
  put(key: string, result: StepResult): void;
  /** The last used first. */
  all(): readonly StoredStep[];
  delete(key: string): void;
  roots(): Iterable<Root>;
}

const nanoseconds = (date: number) => BigInt(date) * 1_000_000n;
const dateOf = (value: unknown) => new Date(Number(BigInt(value as bigint) / 1_000_000n));

export function openBuildCache(records: Records): BuildCache {
  const { database } = records;
  const find = database.prepare('SELECT record FROM build_steps WHERE key = ?');
  const use = database.prepare('UPDATE build_steps SET used_ns = ?, uses = uses + 1 WHERE key = ?');
  const put = database.prepare(
    `INSERT INTO build_steps (key, created_ns, used_ns, uses, record) VALUES (?1, ?2, ?2, 0, ?3)
     ON CONFLICT (key) DO UPDATE SET used_ns = excluded.used_ns, record = excluded.record`,
  );
  const all = database.prepare('SELECT * FROM build_steps ORDER BY used_ns DESC, key');
  all.setReadBigInts(true);
  const remove = database.prepare('DELETE FROM build_steps WHERE key = ?');
  const stored = (row: Record<string, unknown>): StoredStep => ({
    key: String(row.key),
    result: JSON.parse(String(row.record)) as StepResult,
    created: dateOf(row.created_ns),
    lastUsed: dateOf(row.used_ns),
    uses: Number(row.uses),
  });
  return {
    find(key) {
      const row = find.get(key);
      if (!row) return undefined;
      records.lightTransaction(() => use.run(nanoseconds(Date.now()), key));
      return JSON.parse(String(row.record)) as StepResult;
    },
    put: (key, result) =>
      void records.lightTransaction(() => put.run(key, nanoseconds(Date.now()), JSON.stringify(result))),
    all: () => all.all().map(stored),
    delete: (key) => void records.transaction(() => remove.run(key)),
    *roots() {
      for (const { result } of all.all().map(stored)) {
        yield { kind: 'snapshot', key: result.top };
        for (const { digest } of result.layers) yield { kind: 'content', key: digest };
      }
    },
  };
}
