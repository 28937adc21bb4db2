import type { BelugaReloaded } from '../extension-types.ts';
import { type Route, sendJson } from '../route.ts';

/** POST /beluga/reload: as SIGHUP, with an answer. */
export const reloadRoutes = ({ reload }: { reload(): Promise<BelugaReloaded> }): readonly Route[] => [
  { method: 'POST', path: '/beluga/reload', handler: async (x) => sendJson(x, 200, await reload()) },
];
