import { interleave, type Measure } from './measure.ts';

/** What `docker exec CONTAINER true` takes, without the CLI. */
export const measureExec: Measure = {
  words:
    '`create` + `start` + `inspect` of an exec of `true` in a running container, up to its exit code; milliseconds.',
  unit: 'ms',
  rounds: 30,
  async measure(engines, conditions) {
    const rows = [];
    for (const engine of engines) {
      const id = await engine.add('none', true);
      const exec = () => engine.exec(id);
      // one that is not counted
      await exec();
      rows.push({ what: 'exec', engine: engine.name, values: [] as number[], exec });
    }
    await interleave(rows, conditions, async ({ exec, values }) => {
      const began = performance.now();
      await exec();
      values.push(performance.now() - began);
    });
    return rows.map(({ exec: _, ...row }) => row);
  },
};
