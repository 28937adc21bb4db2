import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** How a request ended. */
export interface Called {
  /** 0: the connection was cut before an answer came. */
  status: number;
  /** What came of the body. */
  text: string;
  /** The answer came to its own end, not by a cut or by our leaving. */
  whole: boolean;
}

export interface Call {
  method?: string;
  path: string;
  /** Bytes are an archive; anything else is sent as JSON. */
  body?: unknown;
  /** The client leaves by itself after so many milliseconds. */
  leavesAfter?: number;
}

/** Nothing of what is asked here may last longer, on the slowest machine. */
const hangsAfter = 120_000;

/**
 * One request over a connection of its own; a connection that is cut is an answer too.
 * @throws Error when it hangs
 */
export async function call(socketPath: string, { method = 'GET', path, body, leavesAfter }: Call): Promise<Called> {
  const isArchive = Buffer.isBuffer(body);
  const sent = body === undefined ? undefined : isArchive ? body : Buffer.from(JSON.stringify(body));
  const type = isArchive ? 'application/x-tar' : 'application/json';
  const leaving = new AbortController();
  const timers = new AbortController();
  const result = new Promise<Called>((resolve) => {
    const headers = sent && { 'content-type': type, 'content-length': sent.length };
    const request = http.request({
      socketPath,
      method,
      path,
      ...(headers && { headers }),
      agent: false,
      signal: leaving.signal,
    });
    request.on('error', () => resolve({ status: 0, text: '', whole: false }));
    request.on('response', (response) => {
      let heard = '';
      const end = () => resolve({ status: response.statusCode ?? 0, text: heard, whole: response.complete });
      response.setEncoding('latin1').on('data', (chunk: string) => {
        heard += chunk;
      });
      response.on('error', end).on('end', end).on('close', end);
    });
    request.end(sent);
  });
  const late = sleep(hangsAfter, 'late' as const, { signal: timers.signal });
  late.catch(() => {});
  if (leavesAfter !== undefined)
    sleep(leavesAfter, undefined, { signal: timers.signal }).then(
      () => leaving.abort(),
      () => {},
    );
  try {
    const ended = await Promise.race([result, late]);
    if (ended === 'late') throw new Error(`${method} ${path} hangs`);
    return ended;
  } finally {
    timers.abort();
    leaving.abort();
  }
}
