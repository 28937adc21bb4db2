import type { Engine } from './engine.ts';
import type { Figures } from './figures.ts';
import { interleave, type Measure } from './measure.ts';

const networks = ['bridge', 'none', 'host'] as const;

/** Runs one that is not counted, and looks whether it has what its network is for. @throws Error */
async function tryOut(engine: Engine, network: string): Promise<void> {
  await engine.run(network);
  if (network !== 'bridge' || !engine.docker) return;
  await engine.add(network, true);
  const [container] = await engine.docker.listContainers();
  await engine.clear();
  const address = Object.values(container?.NetworkSettings.Networks ?? {})[0]?.IPAddress;
  if (!address) throw new Error('its container has no address there');
}

/** What `docker run --rm IMAGE true` takes, without the CLI. */
export const measureRun: Measure = {
  words: '`create` + `start` + `wait` + `remove` of a container that runs `true`, by network; milliseconds.',
  unit: 'ms',
  rounds: 30,
  async measure(engines, conditions) {
    const rows: (Figures & { values: number[]; run?: () => Promise<void> })[] = [];
    for (const network of networks)
      for (const engine of engines) {
        const run = () => engine.run(network);
        const note = await tryOut(engine, network).then(
          () => undefined,
          (error: Error) => `not measured: ${error.message.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')}`,
        );
        const row = { what: network, engine: engine.name, values: [] };
        rows.push(note === undefined ? { ...row, run } : { ...row, note });
      }
    await interleave(rows, conditions, async ({ run, values }) => {
      if (!run) return;
      const began = performance.now();
      await run();
      values.push(performance.now() - began);
    });
    return rows;
  },
};
