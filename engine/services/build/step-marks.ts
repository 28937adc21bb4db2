import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Digest } from '../../base/digest.ts';
import type { Records } from '../../storage/records/records.ts';

/** `record` of the table `build_marks`: what a step was made of. */
export interface StepMark {
  /** The instruction. */
  words: string;
  key: string;
  input: MarkedInput;
  /** What else files were taken from. */
  sources: readonly MarkedInput[];
  /** A hash of what the instruction does, besides the words. */
  settings: string;
  /** Of one whose name says that it is a secret only a hint of the value is kept, too short to tell it. */
  variables: Readonly<Record<string, string>>;
  /** The beginning of a hash, by path. */
  files: Readonly<Record<string, string>>;
}

export interface MarkedInput {
  key: string;
  base?: { reference: string; id: Digest };
}

/** The rows of `build_marks` (schema in storage/records): what each step was made of when it was last made. Synchronous. */
export interface StepMarks {
  /** @param place of the step in its Dockerfile */
  keyAt(place: string): string | undefined;
  at(place: string): StepMark | undefined;
  /** The last one of the same instruction in the same Dockerfile. @param words a hash of both */
  ofWords(words: string): StepMark | undefined;
  put(place: string, words: string, mark: StepMark): void;
  /** Forgets the oldest. */
  trim(): void;
}

/** Rows that are kept. */
const most = 4000;

export function openStepMarks(records: Records): StepMarks {
  const { database } = records;
  const keyAt = database.prepare('SELECT key FROM build_marks WHERE place = ?');
  const at = database.prepare('SELECT record FROM build_marks WHERE place = ?');
  const ofWords = database.prepare('SELECT record FROM build_marks WHERE words = ? ORDER BY used_ms DESC LIMIT 1');
  const put = database.prepare(
    'INSERT OR REPLACE INTO build_marks (place, words, key, used_ms, record) VALUES (?, ?, ?, ?, ?)',
  );
  const trim = database.prepare(
    'DELETE FROM build_marks WHERE place IN (SELECT place FROM build_marks ORDER BY used_ms DESC LIMIT -1 OFFSET ?)',
  );
  const read = (row: Record<string, unknown> | undefined): StepMark | undefined =>
    row && (JSON.parse(inflateRawSync(row.record as Uint8Array).toString()) as StepMark);
  return {
    keyAt(place) {
      const row = keyAt.get(place);
      return row && String(row.key);
    },
    at: (place) => read(at.get(place)),
    ofWords: (words) => read(ofWords.get(words)),
    put(place, words, mark) {
      const record = deflateRawSync(JSON.stringify(mark));
      records.lightTransaction(() => put.run(place, words, mark.key, Date.now(), record));
    },
    trim: () => void records.transaction(() => trim.run(most)),
  };
}
