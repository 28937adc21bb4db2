import { EngineError } from '../../base/errors.ts';

/** Docker's filters: any value of a list matches, all lists must. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** Docker's boolean of a query: anything but nothing, 0, no, false and none is true. */
export function flag(query: URLSearchParams, name: string): boolean {
  return !['', '0', 'no', 'false', 'none'].includes((query.get(name) ?? '').trim().toLowerCase());
}

/** A whole number of a query; undefined when absent. @throws EngineError `invalid` (`request.invalid`) naming it. */
export function whole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new EngineError('invalid', `invalid value for ${name}: "${text}" is not a number`, {
    reason: 'request.invalid',
    params: { field: name },
  });
}

/** As `whole`, of what has to be there. */
export function needed(query: URLSearchParams, name: string): number {
  const number = whole(query, name);
  if (number !== undefined) return number;
  throw new EngineError('invalid', `invalid value for ${name}: "" is not a number`, {
    reason: 'request.invalid',
    params: { field: name },
  });
}

const refuse = (message: string): never => {
  throw new EngineError('invalid', message, { reason: 'request.invalid', params: { field: 'filters' } });
};

/**
 * Reads `filters`: `{"name":["a"]}` or, as clients since API 1.22 send it, `{"name":{"a":true}}`.
 * @throws EngineError `invalid` (`request.invalid`) in Docker's words for what is no filter, or none of `known`.
 */
export function parseFilters(query: URLSearchParams, known: readonly string[]): Filters {
  const text = query.get('filters');
  if (text === null || text === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return refuse('invalid filter');
  }
  if (parsed === null) return {};
  if (typeof parsed !== 'object' || Array.isArray(parsed)) return refuse('invalid filter');
  const filters: Record<string, string[]> = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (!known.includes(key)) refuse(`invalid filter '${key}'`);
    filters[key] = valuesOf(value) ?? refuse('invalid filter');
  }
  return Object.fromEntries(Object.entries(filters).filter(([, values]) => values.length > 0));
}

/** A list of words, or words that are true or false; undefined for anything else. */
function valuesOf(value: unknown): string[] | undefined {
  if (value === null) return [];
  if (typeof value !== 'object') return undefined;
  if (!Array.isArray(value)) {
    return Object.values(value).every((item) => typeof item === 'boolean') ? Object.keys(value) : undefined;
  }
  return value.every((item) => typeof item === 'string') ? value : undefined;
}

/**
 * A filter that is true or false; undefined when absent.
 * @throws EngineError `invalid` (`request.invalid`) in Docker's words for anything else, and for both.
 */
export function booleanFilter(filters: Filters, name: string): boolean | undefined {
  const values = filters[name];
  if (values === undefined) return undefined;
  if (values.every((value) => value === 'true' || value === '1')) return true;
  if (values.every((value) => value === 'false' || value === '0')) return false;
  return refuse(`invalid filter '${name}=[${values.join(' ')}]'`);
}
