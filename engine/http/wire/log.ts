import { EngineError } from '../../base/errors.ts';
import type { LogOptions, LogRecord } from '../../services/containers/container-service.ts';
import { frame } from '../stream.ts';
import { flag } from './query.ts';
import { nanoTimeToWire, parseNanoTime } from './time.ts';

/** Query of GET /containers/{id}/logs. @throws EngineError `invalid` in Docker's words when no stream is asked for. */
export function logOptionsFromWire(query: URLSearchParams): LogOptions {
  const stdout = flag(query, 'stdout');
  const stderr = flag(query, 'stderr');
  if (!stdout && !stderr) {
    throw new EngineError('invalid', 'Bad parameters: you must choose at least one stream', {
      reason: 'request.invalid',
    });
  }
  const tail = query.get('tail');
  // Docker takes `all`, nothing and anything that is no number for "all"
  const lines = tail !== null && /^\d{1,9}$/.test(tail) ? Number(tail) : undefined;
  // 0 is "no limit" for both (moby: a zero time)
  const since = parseNanoTime(query.get('since')) || undefined;
  const until = parseNanoTime(query.get('until')) || undefined;
  return {
    follow: flag(query, 'follow'),
    stdout,
    stderr,
    ...(lines !== undefined && { tail: lines }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(flag(query, 'details') && { details: true }),
  };
}

/** `a=1,b=2`, sorted, each as Go's url.QueryEscape has it. */
const attributesToWire = (attributes: NonNullable<LogRecord['attributes']>) =>
  Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.map(queryEscape).join('='))
    .join(',');

const queryEscape = (text: string) =>
  new URLSearchParams([['', text]]).toString().slice(1).replaceAll('*', '%2A').replaceAll('%7E', '~');

/** How a record looks on the wire: one raw stream for a terminal, else a frame of its own. */
export function logChunks({ terminal, timestamps }: { terminal: boolean; timestamps: boolean }) {
  return ({ timeNano, stream, data, attributes }: LogRecord): readonly Uint8Array[] => {
    const before = `${timestamps ? `${nanoTimeToWire(timeNano)} ` : ''}${attributes ? `${attributesToWire(attributes)} ` : ''}`;
    const line = before === '' ? data : Buffer.concat([Buffer.from(before), data]);
    return terminal ? [line] : frame(stream, line);
  };
}
