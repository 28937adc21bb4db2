import { asked, figuresOf, someAtOnce } from './asked.ts';
import { interleave, type Measure } from './measure.ts';

const containers = 1000;

/** What a client that shows everything asks again and again. */
export const measureList: Measure = {
  words: `The list of all containers, ${containers} that never ran, by Docker's API; milliseconds.`,
  unit: 'ms',
  rounds: 20,
  async measure(engines, conditions) {
    const rows = asked(engines, `${containers} containers`);
    for (const { of } of rows) {
      await someAtOnce([...Array(containers).keys()], async () => {
        conditions.signal.throwIfAborted();
        await of.add('none', false);
      });
    }
    await interleave(rows, conditions, async ({ docker, values }) => {
      const began = performance.now();
      const all = await docker.listContainers({ all: true });
      values.push(performance.now() - began);
      if (all.length !== containers) throw new Error(`${all.length} containers are listed of ${containers}`);
    });
    return figuresOf(rows);
  },
};
