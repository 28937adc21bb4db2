import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { interleave, type Measure } from './measure.ts';
import { memoryOf } from './processes.ts';

const containers = 10;
/** Milliseconds after which an engine has put away what the last requests needed. */
const settling = 10_000;

/** The memory of an engine that does nothing. */
export const measureIdle: Measure = {
  words: `Proportional set size (PSS) of the engine with the monitors or shims of its containers, without the containers' own processes; MiB.`,
  unit: 'MiB',
  rounds: 5,
  async measure(engines, conditions) {
    const rows = [];
    for (const count of [0, containers]) {
      const now = engines.map((engine) => ({
        what: `${count} containers`,
        engine: engine.name,
        values: [] as number[],
        note: '',
        further: () => engine.furtherProcesses?.() ?? [],
        folder: `${path.join(conditions.root, engine.name.split(' ')[0] ?? '')}/`,
      }));
      if (count > 0)
        for (const engine of engines) for (let made = 0; made < count; made++) await engine.add('none', true);
      await sleep(settling, undefined, { signal: conditions.signal });
      await interleave(now, conditions, async (row) => {
        const { kibibytes, processes } = memoryOf(row.folder, row.further());
        row.values.push(kibibytes / 1024);
        row.note = `${processes} processes`;
        await sleep(500);
      });
      rows.push(...now);
    }
    return rows.map(({ folder: _folder, further: _further, ...row }) => row);
  },
};
