import type { ImageService } from '../../services/images/image-service.ts';
import type { RegistryService } from '../../services/registries/registry-service.ts';
import { readJson } from '../body.ts';
import { param, type Route, sendJson } from '../route.ts';
import { lookedUpToWire } from '../wire/looked-up.ts';
import { loginFromWire } from '../wire/pull.ts';
import { validate } from '../wire/validate.ts';

/** POST /auth (`docker login`) and GET /distribution/NAME/json. */
export function registryRoutes(services: { registries: RegistryService; images: ImageService }): readonly Route[] {
  const { registries, images } = services;
  return [
    {
      method: 'POST',
      path: '/auth',
      handler: async (x) => {
        const {
          serveraddress: address = '',
          username = '',
          password = '',
        } = validate('AuthConfig', await readJson(x.request));
        await registries.checkLogin(address, { username, password });
        sendJson(x, 200, { Status: 'Login Succeeded', IdentityToken: '' });
      },
    },
    {
      method: 'GET',
      path: '/distribution/:name/json',
      handler: async (x) => {
        const login = loginFromWire(x.request.headers['x-registry-auth']);
        sendJson(x, 200, lookedUpToWire(await images.lookUp(param(x, 'name'), login)));
      },
    },
  ];
}
