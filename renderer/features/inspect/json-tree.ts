/** A step from a value to one inside: a key, or an index of a list. */
export type Step = string | number;

/** One line of the tree. */
export interface TreeRow {
  /** The same as long as the value is at the same place: folds and the cursor are kept by it. */
  readonly id: string;
  readonly path: readonly Step[];
  readonly value: unknown;
  /** How many values are directly inside; undefined of a plain value. */
  readonly inside: number | undefined;
  readonly open: boolean;
  /** Its key or its value is what is searched for. */
  readonly hit: boolean;
}

export interface Tree {
  readonly rows: readonly TreeRow[];
  /** Rows of the search, as indexes into `rows`; empty without one. */
  readonly hits: readonly number[];
  /** Keys that the search hides. */
  readonly hidden: number;
}

/** Whether a fold is open where nobody touched it. */
export type OpenByDefault = (path: readonly Step[]) => boolean;

export interface TreeOptions {
  /** What the user opened or closed, by id. */
  readonly folds: ReadonlyMap<string, boolean>;
  readonly openByDefault: OpenByDefault;
  /** In small letters; empty: everything is shown. */
  readonly query: string;
}

type Entries = readonly (readonly [Step, unknown])[];

/** What is inside a value, in the order of the host; undefined of a plain one. */
function entriesOf(value: unknown): Entries | undefined {
  if (Array.isArray(value)) return value.map((each, index) => [index, each] as const);
  return typeof value === 'object' && value !== null ? Object.entries(value) : undefined;
}

export const idOf = (path: readonly Step[]) => JSON.stringify(path);

/** A plain value as the tree writes it. */
export function plainText(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

function isHit(path: readonly Step[], value: unknown, inside: boolean, query: string): boolean {
  if (query === '') return false;
  const key = path.at(-1);
  if (typeof key === 'string' && key.toLowerCase().includes(query)) return true;
  return !inside && plainText(value).toLowerCase().includes(query);
}

/** The lines that are shown of a value: what is inside closed folds and, while searching, what leads to no hit is left out. */
export function treeOf(root: unknown, { folds, openByDefault, query }: TreeOptions): Tree {
  const rows: TreeRow[] = [];
  const hits: number[] = [];
  let hidden = 0;
  /** Adds a value and what is inside; whether it is, or holds, a hit. `shown`: all folds above are open. */
  const visit = (path: readonly Step[], value: unknown, shown: boolean): boolean => {
    const entries = entriesOf(value);
    const id = idOf(path);
    const hit = isHit(path, value, entries !== undefined, query);
    const open =
      entries !== undefined && entries.length > 0 && (folds.get(id) ?? (query !== '' || openByDefault(path)));
    const at = rows.length;
    const hitsBefore = hits.length;
    if (shown) {
      rows.push({ id, path, value, inside: entries?.length, open, hit });
      if (hit) hits.push(at);
    }
    const found = (entries ?? []).map(([step, each]) => visit([...path, step], each, shown && open)).some(Boolean);
    if (query === '' || hit || found) return hit || found;
    if (shown) {
      rows.length = at;
      hits.length = hitsBefore;
    }
    hidden += 1;
    return false;
  };
  for (const [step, value] of entriesOf(root) ?? []) visit([step], value, true);
  return { rows, hits, hidden };
}

const plainKey = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** As jq takes it, behind what stands for the container: `.Config.Labels["a.b"]`. */
export function jqPath(path: readonly Step[]): string {
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return plainKey.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    })
    .join('');
}

/** As `docker inspect --format` takes it: `{{index .Config.Labels "a.b"}}`. */
export function templateOf(path: readonly Step[]): string {
  let inner = '';
  for (const step of path) {
    if (typeof step === 'string' && plainKey.test(step)) inner = `${wrapped(inner)}.${step}`;
    else inner = `index ${wrapped(inner) || '.'} ${JSON.stringify(step)}`;
  }
  return `{{${inner}}}`;
}

const wrapped = (inner: string) => (inner.startsWith('index ') ? `(${inner})` : inner);

/** A word of a POSIX shell. */
const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/** The docker command that prints the value. */
export function commandOf(path: readonly Step[], container: string): string {
  return `docker inspect -f ${quoted(templateOf(path))} ${container}`;
}
