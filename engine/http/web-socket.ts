import { EngineError } from '../base/errors.ts';
import { type HijackedConnection, release } from './hijack.ts';
import type { Exchange } from './route.ts';

/** Longest message of a client, in bytes: one is held in memory as a whole. */
const longestMessage = 16 * 1024 * 1024;

const normalClosure = 1000;

const refused = (message: string) => new EngineError('invalid', message, { reason: 'request.invalid' });

/**
 * Makes a WebSocket (RFC 6455) of the connection. What is written goes out as binary messages (Docker Engine API, "Attach to
 * a container via a websocket"); messages of the client, binary or text, are its input. Either side closes both directions.
 * @throws EngineError `invalid` (`request.invalid`) for a request that does not ask for one, `cancelled` when the client
 *   has left already.
 */
export async function openWebSocket(exchange: Exchange): Promise<HijackedConnection> {
  const { request, upgrade } = exchange;
  if (!upgrade) throw refused('missing or bad upgrade');
  // few clients use it: it is not read at the start of the engine
  const { createWebSocketStream, WebSocketServer } = await import('ws');
  const { socket, head } = upgrade;
  if (!socket.readable || !socket.writable) throw new EngineError('cancelled', 'the client closed the connection');
  const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: longestMessage });
  return new Promise((resolve, reject) => {
    server.once('wsClientError', ({ message }) => reject(refused(message)));
    server.handleUpgrade(request, socket, head, (webSocket) => {
      release(exchange, socket);
      const stream = createWebSocketStream(webSocket);
      // told by its end
      stream.on('error', () => {});
      resolve({ input: stream, output: stream, halfOpen: false, part: () => webSocket.close(normalClosure) });
    });
  });
}
