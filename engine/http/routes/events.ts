import { EngineError } from '../../base/errors.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { Route } from '../route.ts';
import { sendJsonLines } from '../stream.ts';
import { eventFilters, eventToWire, passes } from '../wire/event.ts';
import { parseFilters } from '../wire/query.ts';
import { parseNanoTime } from '../wire/time.ts';

/** GET /events: replay, then live. */
export function eventRoutes({ events }: { events: EventBus }): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/events',
      handler: (x) => {
        const filters = parseFilters(x.query, eventFilters);
        const since = parseNanoTime(x.query.get('since'));
        const until = parseNanoTime(x.query.get('until'));
        if (since !== undefined && until !== undefined && since > until) {
          const words = (name: string) => `\`${name}\` time (${x.query.get(name)})`;
          throw new EngineError('invalid', `${words('since')} cannot be after ${words('until')}`, {
            reason: 'request.invalid',
          });
        }
        // an end without a beginning: all that is kept, as in Docker
        const from = since ?? (until === undefined ? undefined : 0n);
        const watched = events.watch({
          ...(from !== undefined && { since: from }),
          ...(until !== undefined && { until }),
        });
        return sendJsonLines(x, watched, (event) => (passes(event, filters) ? eventToWire(event) : undefined));
      },
    },
  ];
}
