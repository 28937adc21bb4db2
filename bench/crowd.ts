import { sampleImage } from '../test/sample.ts';
import { asked, figuresOf, someAtOnce } from './asked.ts';
import { interleave, type Measure } from './measure.ts';

const containers = 20;

/** As a project with many services is started. */
export const measureCrowd: Measure = {
  words: `${containers} containers, created before, are started at once, by network; milliseconds until the last start has answered.`,
  unit: 'ms',
  rounds: 5,
  async measure(engines, conditions) {
    const rows = ['none', 'bridge'].flatMap((network) => asked(engines, network));
    await interleave(rows, conditions, async ({ what, docker, values }) => {
      const made = await Promise.all(
        Array.from({ length: containers }, () =>
          docker.createContainer({ Image: sampleImage, Cmd: ['sleep', '1000000'], HostConfig: { NetworkMode: what } }),
        ),
      );
      try {
        const began = performance.now();
        await Promise.all(made.map((container) => container.start()));
        values.push(performance.now() - began);
        const running = await docker.listContainers();
        if (running.length !== containers) throw new Error(`${running.length} run of ${containers}`);
      } finally {
        await someAtOnce(made, (container) => container.remove({ force: true }));
      }
    });
    return figuresOf(rows);
  },
};
