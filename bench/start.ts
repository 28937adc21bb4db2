import { interleave, type Measure } from './measure.ts';

const containers = 100;

/** How long an engine takes to serve when there is much to read. */
export const measureStart: Measure = {
  words: `From the start of the engine's process to the answer of the list of all containers, ${containers} of them on disk; of podman, \`podman ps -a\`; milliseconds.`,
  unit: 'ms',
  rounds: 10,
  async measure(engines, conditions) {
    const rows = engines.map((engine) => ({
      what: `${containers} containers`,
      engine: engine.name,
      values: [] as number[],
      starts: engine,
    }));
    for (const engine of engines) {
      for (let made = 0; made < containers; made++) {
        conditions.signal.throwIfAborted();
        await engine.add('none', false);
      }
    }
    await interleave(rows, conditions, async ({ starts, values }) => {
      await starts.stop();
      values.push(await starts.start());
    });
    return rows.map(({ starts: _starts, ...row }) => row);
  },
};
