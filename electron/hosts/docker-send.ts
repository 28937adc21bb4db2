import { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { errorFromAnswer, toHostError } from './host-error.ts';

/** A request to a host. */
export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: object;
  readonly upload?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON document; dockerode sends `body` by POST alone. */
  readonly document?: object;
  readonly signal?: AbortSignal;
}

const jsonHeaders = { 'Content-Type': 'application/json' };

export type Modem = Docker['modem'];

/** dockerode drops the fields of an error's body: so every status is let through and judged here. */
export const everyStatus: Readonly<Record<number, true>> = Object.fromEntries(
  Array.from({ length: 500 }, (_, index) => [index + 100, true] as const),
);

export type Send = (request: Request) => Promise<IncomingMessage>;

export async function textOf(response: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Sends, and resolves to an answer below 300; fails with a `HostError` otherwise. The caller reads the answer's body. */
export function createSend(modem: Modem): Send {
  return async ({ method, path, query, body, upload, headers, document, signal }) => {
    const given = Object.fromEntries(Object.entries(query ?? {}).filter(([, value]) => value !== undefined));
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      modem.dial(
        {
          path: Object.keys(given).length > 0 ? `${path}?` : path,
          method,
          isStream: true,
          statusCodes: everyStatus,
          options: { _query: given, _body: body ?? {} },
          ...(upload ? { file: upload } : {}),
          ...(headers ? { headers: { ...headers } } : {}),
          ...(document ? { file: Buffer.from(JSON.stringify(document)), headers: { ...jsonHeaders, ...headers } } : {}),
          ...(signal ? { abortSignal: signal } : {}),
        },
        (error, answer) => {
          if (answer instanceof IncomingMessage) resolve(answer);
          else reject(toHostError(error));
        },
      );
    });
    const status = response.statusCode ?? 0;
    if (status >= 300) throw errorFromAnswer(status, await textOf(response));
    return response;
  };
}

/** The answer of a host is taken at its word: `T` is the API's own type. */
export async function jsonOf<T>(response: IncomingMessage): Promise<T> {
  try {
    return JSON.parse(await textOf(response));
  } catch (error) {
    throw toHostError(error);
  }
}

/** A body as it comes; ends without failure when aborted, fails with `unavailable` when the connection breaks. */
export async function* bodyOf(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const abort = () => response.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) return;
    yield* response;
  } catch (error) {
    if (!signal.aborted) throw toHostError(error);
  } finally {
    signal.removeEventListener('abort', abort);
    response.destroy();
  }
}

export const segment = encodeURIComponent;
/** References keep their slashes and colons, as the docker CLI sends them. */
export const imageSegment = (id: string) => encodeURIComponent(id).replaceAll('%2F', '/').replaceAll('%3A', ':');
