let lastKey = 0;
/** A key that no other row of this window has. */
export const nextKey = (): number => ++lastKey;

interface Keyed {
  readonly key: number;
}

/** The list with one row changed. */
export function changed<R extends Keyed>(rows: readonly R[], row: R, part: Partial<R>): readonly R[] {
  return rows.map((each) => (each.key === row.key ? { ...each, ...part } : each));
}

/** The list without one row. */
export function without<R extends Keyed>(rows: readonly R[], row: R): readonly R[] {
  return rows.filter((each) => each.key !== row.key);
}

/** The list with one row more. */
export function added<R extends Keyed>(rows: readonly R[], row: Omit<R, 'key'>): readonly R[] {
  return [...rows, { ...row, key: nextKey() } as R];
}
