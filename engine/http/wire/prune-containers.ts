import type { PruneContainers } from '../../services/containers/container-files-service.ts';
import { labelsOf, untilOf } from './prune-images.ts';
import { parseFilters } from './query.ts';

/** `filters` of POST /containers/prune. @throws EngineError `invalid` (`request.invalid`) in Docker's words */
export function pruneContainersFromWire(query: URLSearchParams): PruneContainers {
  const filters = parseFilters(query, ['label', 'label!', 'until']);
  const until = untilOf(filters);
  return {
    ...(until && { createdUntil: until }),
    labels: labelsOf(filters, 'label'),
    withoutLabels: labelsOf(filters, 'label!'),
  };
}
