import { measureFollowing } from './follow.ts';
import { interleave, type Measure } from './measure.ts';

const bytes = 1_000_000_000;

/** How fast a container can write into its log, with nobody attached. */
export const measureLogs: Measure = {
  words:
    'A container writes 1 GB to its log (of dockerd json-file, of podman k8s-file), from its start to its end; milliseconds. Afterwards every byte of its log is read and compared. Then ten containers that write at the same time, each log followed by a client from the start to the end: every byte has to come.',
  unit: 'ms',
  rounds: 3,
  async measure(engines, conditions) {
    const rows = engines.map((engine) => ({
      what: '1 GB',
      engine: engine.name,
      values: [] as number[],
      writer: engine,
    }));
    await interleave(rows, conditions, async ({ writer, values }) => void values.push(await writer.write(bytes)));
    return [...rows.map(({ writer: _, ...row }) => row), ...(await measureFollowing(engines, conditions))];
  },
};
