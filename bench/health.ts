import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { sampleImage } from '../test/sample.ts';
import { asked, figuresOf } from './asked.ts';
import { interleave, type Measure } from './measure.ts';
import { watchProcesses } from './processes.ts';

/** Of one round: processor time is counted in hundredths of a second. */
const checks = 60;
/** Between two checks, in nanoseconds. */
const interval = 50e6;

/** Resolves when so many checks of a container have ended. */
async function ended(docker: Docker, id: string, count: number, signal: AbortSignal): Promise<void> {
  const events = (await docker.getEvents({ filters: { container: [id], event: ['exec_die'] } })) as Readable;
  const stop = () => void events.destroy();
  signal.addEventListener('abort', stop);
  try {
    let left = count;
    for await (const line of createInterface(events)) {
      if ((JSON.parse(line) as { Action: string }).Action !== 'exec_die') throw new Error(`not asked for: ${line}`);
      left -= 1;
      if (left === 0) return;
    }
    throw new Error('the events ended before the checks');
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** What a container costs that is looked at again and again. */
export const measureHealth: Measure = {
  words: `Processor time of one health check (\`["CMD", "true"]\`, ${checks} of one container in a round): of the engine, the monitor or shim, and the runtime with the process of the check; milliseconds.`,
  unit: 'ms',
  rounds: 5,
  async measure(engines, conditions) {
    const { root, signal } = conditions;
    const rows = asked(engines, 'a check');
    await interleave(rows, conditions, async ({ of, docker, values }) => {
      const container = await docker.createContainer({
        ...{ Image: sampleImage, Cmd: ['sleep', '1000000'], HostConfig: { NetworkMode: 'none' } },
        Healthcheck: { Test: ['CMD', 'true'], Interval: interval, Timeout: 30e9, Retries: 3 },
      });
      try {
        await container.start();
        // what is done once is not counted
        await ended(docker, container.id, 5, signal);
        const watched = watchProcesses(`${path.join(root, of.name)}/`, of.furtherProcesses?.() ?? []);
        try {
          await ended(docker, container.id, checks, signal);
        } finally {
          values.push(watched.end().busy / checks);
        }
        const { State } = await container.inspect();
        if (State.Health?.Status !== 'healthy') throw new Error(`the container is ${State.Health?.Status}`);
      } finally {
        await container.remove({ force: true });
      }
    });
    return figuresOf(rows);
  },
};
