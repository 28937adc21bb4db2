import { EngineError } from '../../base/errors.ts';
import type { LabelMatch, PruneImages } from '../../services/images/image-service.ts';
import { parseMoment } from './moment.ts';
import { booleanFilter, type Filters, parseFilters } from './query.ts';

const pruneFilters = ['dangling', 'label', 'label!', 'until'];

/** `filters` of POST /images/prune. @throws EngineError `invalid` (`request.invalid`) in Docker's words. */
export function pruneImagesFromWire(query: URLSearchParams): PruneImages {
  const filters = parseFilters(query, pruneFilters);
  const until = untilOf(filters);
  return {
    tagged: booleanFilter(filters, 'dangling') === false,
    ...(until && { createdUntil: until }),
    labels: labelsOf(filters, 'label'),
    withoutLabels: labelsOf(filters, 'label!'),
  };
}

/** Labels of a filter, each `key` or `key=value`. */
export function labelsOf(filters: Filters, name: string): LabelMatch[] {
  return (filters[name] ?? []).map((label) => {
    const cut = label.indexOf('=');
    return cut < 0 ? { key: label } : { key: label.slice(0, cut), value: label.slice(cut + 1) };
  });
}

/** The moment of the filter `until`. @throws EngineError `invalid` (`request.invalid`) in Docker's words */
export function untilOf(filters: Filters): Date | undefined {
  const [until, ...more] = filters.until ?? [];
  if (more.length === 0) return until === undefined ? undefined : momentOf(until);
  throw new EngineError('invalid', 'more than one until filter specified', {
    reason: 'request.invalid',
    params: { field: 'filters' },
  });
}

function momentOf(until: string): Date {
  try {
    return parseMoment(until);
  } catch (cause) {
    throw new EngineError('invalid', `failed to parse value as time or duration: ${JSON.stringify(until)}`, {
      reason: 'request.invalid',
      params: { field: 'filters' },
      cause,
    });
  }
}
