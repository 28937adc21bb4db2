import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../../base/errors.ts';
import type { GrpcConnection } from './grpc-client.ts';

/** A client that can be called for as long as its connection lasts. */
export interface Session {
  readonly id: string;
  readonly connection: GrpcConnection;
  /** Paths of the methods that it offers. */
  readonly methods: ReadonlySet<string>;
  /** Its own name for what it builds from, the same each time; empty: it has none. */
  readonly sharedKey: string;
}

/** The clients that are connected, by the ids they have given themselves. */
export interface Sessions {
  add(headers: IncomingHttpHeaders, connection: GrpcConnection): void;
  /** Waits a while: a session may come after the request that names it. @throws EngineError `unavailable` */
  get(id: string, signal: AbortSignal): Promise<Session>;
}

/** Milliseconds that a request may be ahead of its session. */
const longestWait = 10_000;

export function createSessions(): Sessions {
  const there = new Map<string, Session>();
  const waiting = new Map<string, PromiseWithResolvers<Session>>();
  return {
    add(headers, connection) {
      const id = text(headers['x-docker-expose-session-uuid']);
      const methods = text(headers['x-docker-expose-session-grpc-method']).split(/,\s*/);
      const sharedKey = text(headers['x-docker-expose-session-sharedkey']);
      const session: Session = { id, connection, methods: new Set(methods), sharedKey };
      there.set(id, session);
      connection.onClose(() => {
        if (there.get(id) === session) there.delete(id);
      });
      waiting.get(id)?.resolve(session);
      waiting.delete(id);
    },
    async get(id, signal) {
      const known = there.get(id);
      if (known) return known;
      const wait = waiting.get(id) ?? Promise.withResolvers<Session>();
      waiting.set(id, wait);
      const late = sleep(longestWait, undefined, { signal, ref: false }).then(() => {
        waiting.delete(id);
        throw new EngineError('unavailable', `no active session for ${id}: the client of the build has not connected`);
      });
      return Promise.race([wait.promise, late]);
    },
  };
}

const text = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(', ') : (value ?? ''));
