import type { ImportDraft } from './import-draft.ts';
import { type ImportReason, told } from './import-words.ts';

/** A table of JSON or TOML. */
export type Table = Readonly<Record<string, unknown>>;

export const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Looks up values of the right type; others are reported, absent ones are not. */
export interface TableReader {
  text(name: string): string | undefined;
  truth(name: string): boolean;
  texts(name: string): readonly string[];
  tables(name: string): readonly Table[];
  table(name: string): Table | undefined;
  /** What was not asked for by then. */
  rest(): readonly string[];
}

/** `at`: what comes before the name in a report, `registry[0].`. */
export function readTable(table: Table, at: string, draft: ImportDraft): TableReader {
  const asked = new Set<string>();
  const look = <T>(name: string, wanted: ImportReason, test: (value: unknown) => value is T): T | undefined => {
    asked.add(name);
    if (!Object.hasOwn(table, name)) return undefined;
    const value = table[name];
    if (test(value)) return value;
    draft.ignore(`${at}${name}`, told(wanted));
    return undefined;
  };
  const isText = (value: unknown) => typeof value === 'string';
  return {
    text: (name) => look(name, 'import.wants-text', isText),
    truth: (name) => look(name, 'import.wants-truth', (value) => typeof value === 'boolean') ?? false,
    texts: (name) =>
      look(name, 'import.wants-texts', (value): value is string[] => Array.isArray(value) && value.every(isText)) ?? [],
    tables: (name) =>
      look(name, 'import.wants-tables', (value): value is Table[] => Array.isArray(value) && value.every(isTable)) ??
      [],
    table: (name) => look(name, 'import.wants-table', isTable),
    rest: () => Object.keys(table).filter((name) => !asked.has(name)),
  };
}
