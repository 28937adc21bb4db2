import type { TransferService } from '../../services/transfers/transfer-service.ts';
import { readJson } from '../body.ts';
import type { BelugaTransfers } from '../extension-types.ts';
import { type Exchange, param, type Route, sendEmpty, sendJson } from '../route.ts';
import { sendJsonLines } from '../stream.ts';
import { loginFromWire } from '../wire/pull.ts';
import { flag } from '../wire/query.ts';
import { transferRequestFromWire } from '../wire/transfer-request.ts';

/** Pulls as they stand, and those that belong to nobody's connection: an extension. */
export function transferRoutes({ transfers }: { transfers: TransferService }): readonly Route[] {
  const list = async (x: Exchange) => {
    if (!flag(x.query, 'follow')) return sendJson(x, 200, { transfers: transfers.list() } satisfies BelugaTransfers);
    await sendJsonLines(x, transfers.watch(), (all) => JSON.stringify({ transfers: all } satisfies BelugaTransfers));
  };
  const on = (what: (id: string) => void | Promise<void>) => async (x: Exchange) => {
    await what(param(x, 'id'));
    sendEmpty(x);
  };
  return [
    { method: 'GET', path: '/beluga/transfers', handler: list },
    {
      method: 'POST',
      path: '/beluga/transfers',
      handler: async (x) => {
        const login = loginFromWire(x.request.headers['x-registry-auth']);
        const request = transferRequestFromWire(await readJson(x.request));
        sendJson(x, 201, { id: transfers.begin({ ...request, ...(login && { login }) }) });
      },
    },
    { method: 'POST', path: '/beluga/transfers/:id/pause', handler: on(transfers.pause) },
    { method: 'POST', path: '/beluga/transfers/:id/resume', handler: on(transfers.resume) },
    { method: 'DELETE', path: '/beluga/transfers/:id', handler: on(transfers.cancel) },
  ];
}
