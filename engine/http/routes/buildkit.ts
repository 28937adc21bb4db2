import type { Socket } from 'node:net';
import { EngineError } from '../../base/errors.ts';
import { once } from '../../base/once.ts';
import type { BuildKit, BuildKitParts } from '../buildkit/buildkit.ts';
import { release } from '../hijack.ts';
import { type Exchange, type Route, sendEmpty } from '../route.ts';

/** Takes the connection over for HTTP/2 without TLS. @throws EngineError `invalid` where the client asked for nothing of it */
function takeOver(x: Exchange): Socket {
  if (!x.upgrade) throw new EngineError('invalid', 'no upgrade proto in request', { reason: 'request.invalid' });
  const { socket, head } = x.upgrade;
  release(x, socket);
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  if (head.length > 0) socket.unshift(head);
  return socket;
}

/** Most engines never build: it is not read at their start. */
export const lateBuildKit = (parts: BuildKitParts): (() => Promise<BuildKit>) =>
  once(async () => (await import('../buildkit/buildkit.ts')).createBuildKit(parts));

/** The connections of BuildKit's clients. */
export function buildKitRoutes(buildKit: () => Promise<BuildKit>): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/grpc',
      hijacks: true,
      handler: async (x) => (await buildKit()).serve(takeOver(x)),
    },
    {
      method: 'POST',
      path: '/session',
      hijacks: true,
      handler: async (x) => (await buildKit()).addSession(x.request.headers, takeOver(x)),
    },
    {
      method: 'POST',
      path: '/build/cancel',
      async handler(x) {
        const id = x.query.get('id');
        if (!id) throw new EngineError('invalid', 'build ID not provided', { reason: 'request.invalid' });
        (await buildKit()).traced.cancel(id);
        sendEmpty(x, 200);
      },
    },
  ];
}
