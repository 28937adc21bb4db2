import type { Exchange } from './route.ts';

/** Aborts when the client closes its connection before it has its answer: nobody waits for the work any more. */
export function clientLeaves({ response }: Exchange): AbortSignal {
  const leaving = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) leaving.abort();
  });
  return leaving.signal;
}
