import type { Log } from '../base/log.ts';
import type { Exchange } from './route.ts';

/** The message of the lines below, by which they are found. */
export const answered = 'answered';

/**
 * One debug line per request, once its answer is complete: a stream is told when it ended. `ms` is how long it took.
 * Never the query, headers or bodies, which may hold secrets; of headers only the client's name for itself.
 */
export function logRequest(
  log: Pick<Log, 'debug'>,
  { request, response, upgrade }: Pick<Exchange, 'request' | 'response' | 'upgrade'>,
  began: number,
): void {
  log.debug(answered, {
    method: request.method,
    path: request.url?.split('?', 1)[0]?.slice(0, 300),
    // a connection that was taken over got its answer past the response
    status: upgrade && !response.headersSent ? 101 : response.statusCode,
    ms: Date.now() - began,
    client: request.headers['user-agent']?.slice(0, 80),
  });
}
