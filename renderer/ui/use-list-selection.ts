import { useCallback, useMemo, useState } from 'react';

export interface ListSelection {
  /** The row that keys act upon. */
  readonly cursor: string | undefined;
  /** Ticked rows; only rows that are shown. */
  readonly selected: ReadonlySet<string>;
  setCursor: (id: string) => void;
  /** Moves by so many rows; `extend` ticks every row on the way. */
  move: (by: number, extend?: boolean) => void;
  toggle: (id: string) => void;
  /** Ticks from the cursor to this row. */
  extendTo: (id: string) => void;
  clear: () => void;
  selectAll: () => void;
}

/** Where the cursor of each list stood when its page was left. */
const left = new Map<string, string>();

/**
 * Cursor and ticks of a list whose rows come and go: what is no longer shown is no longer selected. Whoever comes back to
 * the list of this name finds the cursor where it was.
 */
export function useListSelection(name: string, ids: readonly string[]): ListSelection {
  const [wanted, setCursor] = useState(() => left.get(name));
  const setWanted = (id: string) => {
    left.set(name, id);
    setCursor(id);
  };
  const [ticks, setTicks] = useState<ReadonlySet<string>>(new Set());
  const cursor = wanted !== undefined && ids.includes(wanted) ? wanted : undefined;
  const selected = useMemo(() => new Set(ids.filter((id) => ticks.has(id))), [ids, ticks]);
  const range = useCallback(
    (from: string | undefined, to: string) => {
      const ends = [from === undefined ? ids.indexOf(to) : ids.indexOf(from), ids.indexOf(to)];
      return ids.slice(Math.min(...ends), Math.max(...ends) + 1);
    },
    [ids],
  );
  const extendTo = (id: string) => {
    setTicks(new Set([...selected, ...range(cursor, id)]));
    setWanted(id);
  };
  return {
    cursor,
    selected,
    setCursor: setWanted,
    move: (by, extend = false) => {
      const at = cursor === undefined ? (by > 0 ? -1 : ids.length) : ids.indexOf(cursor);
      const next = ids[Math.min(ids.length - 1, Math.max(0, at + by))];
      if (next === undefined) return;
      if (extend) extendTo(next);
      else setWanted(next);
    },
    toggle: (id) => {
      const next = new Set(selected);
      if (!next.delete(id)) next.add(id);
      setTicks(next);
      setWanted(id);
    },
    extendTo,
    clear: () => setTicks(new Set()),
    selectAll: () => setTicks(new Set(ids)),
  };
}
