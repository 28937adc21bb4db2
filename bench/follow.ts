import type Docker from 'dockerode';
import { sampleImage } from '../test/sample.ts';
import { asked, figuresOf } from './asked.ts';
import type { Engine } from './engine.ts';
import type { Figures } from './figures.ts';
import { type Conditions, interleave } from './measure.ts';
import { checkOutput, pourFrames, writing } from './output.ts';

const containers = 10;
const bytes = 10_000_000;

interface Followed {
  /** Milliseconds until the last has ended. */
  took: number;
  /** Why those that did not come whole did not. */
  lost: readonly string[];
}

/** Starts them, follows each from its start to its end, and compares what came with what was written. */
async function followAll(docker: Docker): Promise<Followed> {
  const made = await Promise.all(
    Array.from({ length: containers }, () =>
      docker.createContainer({ Image: sampleImage, Cmd: writing(bytes), HostConfig: { NetworkMode: 'none' } }),
    ),
  );
  try {
    const began = performance.now();
    const ends = await Promise.allSettled(
      made.map(async (container) => {
        await container.start();
        await checkOutput(bytes, async (into) => {
          const log = await container.logs({ stdout: true, stderr: true, follow: true });
          await pourFrames(log, into);
        });
      }),
    );
    const took = performance.now() - began;
    return { took, lost: ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : [])) };
  } finally {
    for (const container of made) await container.remove({ force: true });
  }
}

/** The logs of busy containers, each followed by a client. @throws Error when ours loses a byte; of a peer it is noted */
export async function measureFollowing(engines: readonly Engine[], conditions: Conditions): Promise<Figures[]> {
  const rows = asked(engines, `${containers} followed, ${bytes / 1e6} MB each`);
  const broken = new Map<string, number>();
  await interleave(rows, conditions, async ({ docker, engine, values }) => {
    const { took, lost } = await followAll(docker);
    if (lost.length > 0 && engine === 'beluga') throw new Error(lost.join('; '));
    broken.set(engine, (broken.get(engine) ?? 0) + lost.length);
    values.push(took);
  });
  const all = containers * conditions.rounds;
  return figuresOf(rows).map((row) => {
    const count = broken.get(row.engine) ?? 0;
    return count === 0 ? row : { ...row, note: `${count} of ${all} logs broke off before their end` };
  });
}
