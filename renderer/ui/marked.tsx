import type { ReactNode } from 'react';

/** Where a text has what is searched for, as [begin, end]. `query` in small letters; empty: nowhere. */
export function hitsIn(text: string, query: string): readonly (readonly [number, number])[] {
  if (query === '') return [];
  const found: [number, number][] = [];
  const lower = text.toLowerCase();
  for (let at = lower.indexOf(query); at >= 0; at = lower.indexOf(query, at + query.length))
    found.push([at, at + query.length]);
  return found;
}

export interface MarkedProps {
  text: string;
  hits: ReturnType<typeof hitsIn>;
  /** Where the text begins in what the hits are counted in. */
  from?: number;
  /** Of the hit that the search stands on. */
  current: boolean;
}

/** A text, or a part of one, with what of the hits lies in it marked. */
export function Marked({ text, hits, from = 0, current }: MarkedProps): ReactNode {
  if (hits.length === 0) return text;
  const parts: ReactNode[] = [];
  let done = 0;
  for (const [begin, end] of hits) {
    const first = Math.max(begin - from, done);
    const last = Math.min(end - from, text.length);
    if (first >= last) continue;
    parts.push(text.slice(done, first));
    parts.push(
      <mark key={first} className={`rounded-[2px] text-fg-1 ${current ? 'bg-match-current' : 'bg-match'}`}>
        {text.slice(first, last)}
      </mark>,
    );
    done = last;
  }
  return [...parts, text.slice(done)];
}
