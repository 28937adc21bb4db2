import type { ImageSearchResponseItem } from '@docker/node-sdk';
import { EngineError } from '../../base/errors.ts';
import type { FoundRepository } from '../../services/registries/registry-service.ts';
import { parseFilters, whole } from './query.ts';

/** GET /images/search: what to find, and which of it to show. */
export interface SearchFilter {
  limit: number;
  passes(repository: FoundRepository): boolean;
}

const usualLimit = 25;
const mostResults = 100;

const refuse = (message: string, field: string): never => {
  throw new EngineError('invalid', message, { reason: 'request.invalid', params: { field } });
};

/** @throws EngineError `invalid` (`request.invalid`) in dockerd's words. */
export function searchFilterFromWire(query: URLSearchParams): SearchFilter {
  const limit = whole(query, 'limit') || usualLimit;
  if (limit < 1 || limit > mostResults) refuse(`limit ${limit} is outside the range of [1, ${mostResults}]`, 'limit');
  const filters = parseFilters(query, ['is-automated', 'is-official', 'stars']);
  const truth = (name: string): boolean | undefined => {
    const values = filters[name];
    if (!values) return undefined;
    const read = values.map((value) => ({ true: true, '1': true, false: false, '0': false })[value]);
    if (read.includes(undefined)) refuse(`invalid filter '${name}=[${values.join(' ')}]'`, 'filters');
    return read.includes(true);
  };
  const stars = (filters.stars ?? []).map((value) => {
    return /^\d{1,9}$/.test(value) ? Number(value) : refuse(`invalid filter 'stars=[${value}]'`, 'filters');
  });
  const least = Math.max(0, ...stars);
  const official = truth('is-official');
  // a build of an image by Docker Hub is told of no more: nothing is one
  const none = truth('is-automated') === true;
  const passes = (one: FoundRepository) =>
    !none && one.stars >= least && (official === undefined || one.official === official);
  return { limit, passes };
}

export function foundToWire({ name, description, stars, official }: FoundRepository): ImageSearchResponseItem {
  return { star_count: stars, is_official: official, name, is_automated: false, description };
}
