import type { DockerHost, LogChunk } from '../../engine/compose/docker-host.ts';
import type { LogLine } from '../bridge/containers.ts';
import type { Arg } from '../bridge/contract.ts';
import { HostError } from '../hosts/host-error.ts';
import { createLogLines } from '../hosts/log-lines.ts';
import { pause } from '../hosts/pulse.ts';

/** Milliseconds before a log that broke off is asked for again. */
const RETRY = 200;

export interface LogSources {
  readonly host: DockerHost;
  /** Resolves when the engine runs, or at the abort. */
  readonly engineRuns: (signal: AbortSignal) => Promise<void>;
}

/** RFC 3339 as seconds and nanoseconds since the epoch, as the API's `since` takes it. */
export function sinceOf(time: string): string {
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? '';
  const seconds = Math.floor(Date.parse(time) / 1000);
  return `${seconds}.${fraction.padEnd(9, '0').slice(0, 9)}`;
}

/** Where a log was left: `since` is inclusive, so as many lines of that very time as were seen come again. */
interface Place {
  time: string;
  seen: number;
}

function remember(place: Place, line: LogLine): void {
  if (line.time === '') return;
  place.seen = line.time === place.time ? place.seen + 1 : 1;
  place.time = line.time;
}

async function* linesOf(chunks: AsyncIterable<LogChunk>): AsyncGenerator<LogLine> {
  const lines = createLogLines();
  for await (const chunk of chunks) yield* lines.push(chunk);
  yield* lines.end();
}

const isAway = (error: unknown) => error instanceof HostError && error.code === 'unavailable';

/** Whether a followed log that ended will go on: its container runs, or nobody can say because the engine is away. */
async function goesOn(host: DockerHost, id: string): Promise<boolean> {
  try {
    return (await host.containers.inspect(id)).State?.Running ?? false;
  } catch (error) {
    return isAway(error);
  }
}

/** The lines of a container, oldest first; a followed log goes on over a restart of the engine without loss or repeat. */
export async function* containerLogs(
  { host, engineRuns }: LogSources,
  { id, follow, tail, since }: Arg<'containers.logs'>,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const tty = (await host.containers.inspect(id)).Config?.Tty ?? false;
  const place: Place = { time: '', seen: 0 };
  while (!signal.aborted) {
    const resumed = place.time !== '';
    const start = resumed ? sinceOf(place.time) : since === undefined ? undefined : String(since);
    const options = {
      follow,
      tty,
      ...(start === undefined ? {} : { since: start }),
      ...(tail === undefined || resumed ? {} : { tail }),
    };
    let skip = place.seen;
    const { time: from } = place;
    try {
      for await (const line of linesOf(host.containers.logs(id, options, signal))) {
        if (resumed && line.time === from && skip > 0) skip -= 1;
        else {
          remember(place, line);
          yield line;
        }
      }
    } catch (error) {
      if (!follow || !isAway(error)) throw error;
    }
    if (!follow || signal.aborted || !(await goesOn(host, id))) return;
    await pause(RETRY, signal);
    await engineRuns(signal);
  }
}
