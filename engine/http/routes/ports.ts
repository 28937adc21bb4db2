import type { PortService } from '../../services/networks/port-service.ts';
import type { BelugaPorts } from '../extension-types.ts';
import { type Route, sendJson } from '../route.ts';
import { portQuestions } from '../wire/port-question.ts';

/** Who has ports of the host: an extension, for Docker tells it only when a start fails. */
export function portRoutes({ ports }: { ports: PortService }): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/beluga/ports',
      handler: (x) => sendJson(x, 200, { ports: ports.ask(portQuestions(x.query)) } satisfies BelugaPorts),
    },
  ];
}
