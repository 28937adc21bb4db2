import type { RegistryService } from '../../services/registries/registry-service.ts';
import { readJson } from '../body.ts';
import { clientLeaves } from '../client-leaves.ts';
import type { BelugaImported, BelugaMirrorTest, BelugaRegistries } from '../extension-types.ts';
import { type Exchange, param, type Route, sendEmpty, sendJson } from '../route.ts';
import { importFromWire, mirrorQuestionFromWire, registryLoginFromWire } from '../wire/registry-bodies.ts';

/** Rules, mirrors and logins of registries: an extension. */
export function registrySettingsRoutes({ registries }: { registries: RegistryService }): readonly Route[] {
  const sendAll = (x: Exchange) => sendJson(x, 200, registries.overview() satisfies BelugaRegistries);
  return [
    { method: 'GET', path: '/beluga/registries', handler: sendAll },
    {
      method: 'PUT',
      path: '/beluga/registries',
      handler: async (x) => {
        await registries.apply(await readJson(x.request));
        sendAll(x);
      },
    },
    {
      method: 'POST',
      path: '/beluga/registries/import',
      handler: async (x) => {
        const request = importFromWire(await readJson(x.request));
        sendJson(x, 200, registries.readConfiguration(request) satisfies BelugaImported);
      },
    },
    {
      method: 'POST',
      path: '/beluga/registries/test',
      handler: async (x) => {
        const leaving = clientLeaves(x);
        const question = mirrorQuestionFromWire(await readJson(x.request));
        sendJson(x, 200, (await registries.testMirror(question, leaving)) satisfies BelugaMirrorTest);
      },
    },
    {
      method: 'PUT',
      path: '/beluga/logins/:host',
      handler: async (x) => {
        registries.setLogin(param(x, 'host'), registryLoginFromWire(await readJson(x.request)));
        sendEmpty(x);
      },
    },
    {
      method: 'DELETE',
      path: '/beluga/logins/:host',
      handler: (x) => {
        registries.setLogin(param(x, 'host'), undefined);
        sendEmpty(x);
      },
    },
  ];
}
