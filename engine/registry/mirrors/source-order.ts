import type { HealthBook } from './health-book.ts';
import type { RepositoryEndpoints } from './rules.ts';
import { type Source, type SourceNote, sourceOf } from './source.ts';

/** Who is asked for one repository, and in which order, for the time of one piece of work. */
export interface SourceOrder {
  readonly upstream: Source;
  /** By the rule's order. */
  mirrors(): readonly Source[];
  /** Mirrors, then the registry itself; the sick behind the healthy: better than nobody. */
  candidates(what: SourceNote['what']): readonly Source[];
  healthyFirst(sources: readonly Source[], what: SourceNote['what']): readonly Source[];
  /** Whether it is to be asked now; told once where it is not. */
  isWell(source: Source, what: SourceNote['what']): boolean;
  /** It failed in this piece of work, and that was told. */
  failed(source: Source): void;
  /** It refused this repository, and would again. */
  refuse(source: Source): void;
}

export function createSourceOrder(parts: {
  endpoints: RepositoryEndpoints;
  health: HealthBook;
  note(note: SourceNote): void;
}): SourceOrder {
  const { endpoints, health, note } = parts;
  const upstream = sourceOf(endpoints.upstream, 'upstream');
  const listed = endpoints.mirrors.map((endpoint) => sourceOf(endpoint, 'mirror'));
  const refusing = new Set<string>();
  const told = new Set<string>();

  const mirrors = () => (endpoints.order === 'auto' ? fastestFirst(listed, health) : listed);
  const tell = ({ text, role }: Source, what: SourceNote['what']) => {
    if (told.has(text)) return;
    told.add(text);
    const { reason, params, message } = health.of(text)?.lastFailure ?? {};
    const why = { ...(reason && { reason }), ...(params && { params }), ...(message && { message }) };
    note({ endpoint: text, role, what, event: 'passed-over', ...why });
  };
  const isWell = (source: Source, what: SourceNote['what']) => {
    if (health.isWell(source.text)) return true;
    tell(source, what);
    return false;
  };
  const healthyFirst = (sources: readonly Source[], what: SourceNote['what']) => {
    const open = sources.filter(({ text }) => !refusing.has(text));
    if (open.length < 2) return open;
    const well = open.filter((source) => isWell(source, what));
    return [...well, ...open.filter((source) => !well.includes(source))];
  };
  return {
    upstream,
    mirrors,
    isWell,
    healthyFirst,
    candidates: (what) => healthyFirst(endpoints.mirrorOnly ? mirrors() : [...mirrors(), upstream], what),
    failed: ({ text }) => void told.add(text),
    refuse: ({ text }) => void refusing.add(text),
  };
}

/** Those whose speed nobody knows yet come first, as they are listed: so everyone is measured once. */
function fastestFirst(sources: readonly Source[], health: HealthBook): readonly Source[] {
  const speed = ({ text }: Source) => health.of(text)?.speed ?? Number.POSITIVE_INFINITY;
  return [...sources].sort((a, b) => (speed(a) === speed(b) ? 0 : speed(b) - speed(a)));
}
