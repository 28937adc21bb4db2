import { asked, figuresOf } from './asked.ts';
import { interleave, type Measure } from './measure.ts';

const containers = 20;

/** What a view of the containers' use asks once a second. */
export const measureStats: Measure = {
  words: `One sample of the use of each of ${containers} running containers, all asked at once, without waiting for a second one (\`one-shot\`); milliseconds until the last has answered.`,
  unit: 'ms',
  rounds: 20,
  async measure(engines, conditions) {
    const rows = asked(engines, `${containers} containers`);
    const ids = new Map<unknown, string[]>();
    for (const { of, docker } of rows) {
      const made: string[] = [];
      for (let number = 0; number < containers; number++) {
        conditions.signal.throwIfAborted();
        made.push(await of.add('none', true));
      }
      ids.set(docker, made);
    }
    await interleave(rows, conditions, async ({ docker, values }) => {
      const began = performance.now();
      const samples = await Promise.all(
        (ids.get(docker) ?? []).map((id) => docker.getContainer(id).stats({ stream: false, 'one-shot': true })),
      );
      values.push(performance.now() - began);
      if (!samples.every(({ cpu_stats }) => cpu_stats.cpu_usage.total_usage > 0)) throw new Error('a sample is empty');
    });
    return figuresOf(rows);
  },
};
