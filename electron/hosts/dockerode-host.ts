import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type {
  ContainerCreateResponse,
  ContainerInspectResponse,
  ContainerStatsResponse,
  ContainerSummary,
  EventMessage,
  SystemVersion,
} from '@docker/node-sdk';
import Docker from 'dockerode';
import type { ContainerCalls, DockerHost, SystemCalls } from '../../engine/compose/docker-host.ts';
import type { BelugaCreated } from '../../engine/http/extension-types.ts';
import { buildCalls } from './docker-builds.ts';
import { imageCalls, withLogin } from './docker-images.ts';
import {
  bodyOf,
  createSend,
  everyStatus,
  jsonOf,
  type Modem,
  type Request,
  type Send,
  segment,
  textOf,
} from './docker-send.ts';
import { dockerTerminals, type TerminalRequests } from './docker-terminals.ts';
import { errorFromAnswer, HostError, toHostError } from './host-error.ts';
import { readJsonLines } from './json-lines.ts';
import { readLogFrames } from './log-frames.ts';

function containerCalls(send: Send): ContainerCalls {
  const act = async (id: string, action: string, query: Request['query'] = {}): Promise<void> => {
    (await send({ method: 'POST', path: `/containers/${segment(id)}/${action}`, query })).resume();
  };
  return {
    list: async () =>
      jsonOf<ContainerSummary[]>(await send({ method: 'GET', path: '/containers/json', query: { all: 1 } })),
    inspect: async (id) =>
      jsonOf<ContainerInspectResponse>(await send({ method: 'GET', path: `/containers/${segment(id)}/json` })),
    create: async (request, name) => {
      const answer = await jsonOf<ContainerCreateResponse & Partial<BelugaCreated>>(
        await send({ method: 'POST', path: '/containers/create', query: { name }, body: request }),
      );
      const plain = (answer.Warnings ?? []).map((message) => ({ message }));
      return { id: answer.Id, warnings: [...(answer.BelugaWarnings ?? plain)] };
    },
    start: (id) => act(id, 'start'),
    stop: (id) => act(id, 'stop'),
    restart: (id) => act(id, 'restart'),
    kill: (id, signal) => act(id, 'kill', { signal }),
    pause: (id) => act(id, 'pause'),
    unpause: (id) => act(id, 'unpause'),
    rename: (id, name) => act(id, 'rename', { name }),
    remove: async (id, { force }) => {
      const query = { force: force ? 1 : 0 };
      (await send({ method: 'DELETE', path: `/containers/${segment(id)}`, query })).resume();
    },
    logs: async function* (id, { follow, tail, since, tty }, signal) {
      const query = { stdout: 1, stderr: 1, timestamps: 1, follow: follow ? 1 : 0, tail: tail ?? 'all', since };
      const response = await send({ method: 'GET', path: `/containers/${segment(id)}/logs`, query, signal });
      if (!tty) yield* readLogFrames(bodyOf(response, signal));
      else for await (const data of bodyOf(response, signal)) yield { stream: 'stdout', data };
    },
    stats: async function* (id, signal) {
      const path = `/containers/${segment(id)}/stats`;
      const response = await send({ method: 'GET', path, query: { stream: 1 }, signal });
      yield* readJsonLines(bodyOf(response, signal)) as AsyncIterable<ContainerStatsResponse>;
    },
  };
}

/** Of ours, and of a host that knows no reasons. */
const isUnknownRoute = ({ code, reason }: HostError) =>
  code === 'not-found' && (reason === undefined || reason === 'request.unknown-route');

function systemCalls(send: Send): SystemCalls {
  return {
    version: async () => jsonOf<SystemVersion>(await send({ method: 'GET', path: '/version' })),
    extension: async (path, request, login) => {
      try {
        const { method = 'GET', body } = request ?? {};
        const headers = login && withLogin(login);
        const text = await textOf(
          await send({ method, path, ...(body && { document: body }), ...(headers && { headers }) }),
        );
        return text === '' ? undefined : JSON.parse(text);
      } catch (error) {
        if (error instanceof HostError && isUnknownRoute(error)) return undefined;
        throw toHostError(error);
      }
    },
    checkLogin: async (address, { username, password }) => {
      const body = { serveraddress: address, username, password };
      const answer = await jsonOf<{ IdentityToken?: string }>(await send({ method: 'POST', path: '/auth', body }));
      return answer.IdentityToken || undefined;
    },
    followExtension: async function* (path, signal) {
      yield* readJsonLines(bodyOf(await send({ method: 'GET', path, signal }), signal));
    },
    events: async (signal) => {
      const response = await send({ method: 'GET', path: '/events', signal });
      return readJsonLines(bodyOf(response, signal)) as AsyncIterable<EventMessage>;
    },
  };
}

/** Sends and takes the connection over. A body of known length comes along, for without one dockerode would begin a chunked one. */
function createHijack(modem: Modem): TerminalRequests['hijack'] {
  return (path, { query = {}, body = { stdin: true } } = {}) =>
    new Promise((resolve, reject) => {
      const refused = async (answer: IncomingMessage) =>
        reject(errorFromAnswer(answer.statusCode ?? 0, await textOf(answer)));
      modem.dial(
        {
          path: `${path}?`,
          method: 'POST',
          isStream: true,
          hijack: true,
          statusCodes: everyStatus,
          options: { _query: query, _body: body },
        },
        (error, answer) => {
          if (answer instanceof IncomingMessage) refused(answer).catch((cause) => reject(toHostError(cause)));
          else if (answer instanceof Socket) resolve(answer);
          else reject(toHostError(error));
        },
      );
    });
}

/** A host behind a unix socket, over dockerode. Opens one connection per request and keeps none. */
export function createDockerodeHost(socketPath: string): DockerHost {
  const { modem } = new Docker({ socketPath });
  const send = createSend(modem);
  const json = async <T>(method: 'GET' | 'POST', path: string, options = {}): Promise<T> => {
    const text = await textOf(await send({ method, path, ...options }));
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
  return {
    builds: buildCalls(send),
    containers: containerCalls(send),
    images: imageCalls(send),
    system: systemCalls(send),
    terminals: dockerTerminals({ json, hijack: createHijack(modem) }),
  };
}
