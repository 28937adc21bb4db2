import type Docker from 'dockerode';
import { sampleImage } from '../test/sample.ts';
import { asked, figuresOf } from './asked.ts';
import type { Engine } from './engine.ts';
import type { Figures } from './figures.ts';
import { type Conditions, interleave } from './measure.ts';
import { checkOutput, pourFrames, writing } from './output.ts';

const containers = 10;
const bytes = 10_000_000;

/** Starts them, follows each from its start to its end, and compares what came with what was written. */
async function followAll(docker: Docker): Promise<number> {
  const made = await Promise.all(
    Array.from({ length: containers }, () =>
      docker.createContainer({ Image: sampleImage, Cmd: writing(bytes), HostConfig: { NetworkMode: 'none' } }),
    ),
  );
  try {
    const began = performance.now();
    await Promise.all(
      made.map(async (container) => {
        await container.start();
        await checkOutput(bytes, async (into) => {
          const log = await container.logs({ stdout: true, stderr: true, follow: true });
          await pourFrames(log, into);
        });
      }),
    );
    return performance.now() - began;
  } finally {
    for (const container of made) await container.remove({ force: true });
  }
}

/** The logs of busy containers, each followed by a client. */
export async function measureFollowing(engines: readonly Engine[], conditions: Conditions): Promise<Figures[]> {
  const rows = asked(engines, `${containers} followed, ${bytes / 1e6} MB each`);
  await interleave(rows, conditions, async ({ docker, values }) => void values.push(await followAll(docker)));
  return figuresOf(rows);
}
