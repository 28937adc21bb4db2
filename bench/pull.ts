import path from 'node:path';
import { openClient } from '../test/registry/client-scene.ts';
import { pushImage } from '../test/registry/push-image.ts';
import { type RegistryProcess, startRegistry } from '../test/registry/registry-process.ts';
import type { Engine } from './engine.ts';
import { type Figures, percentile } from './figures.ts';
import { openFreshDisk } from './fresh-disk.ts';
import { largeImage, type Packing } from './large-image.ts';
import { type Conditions, interleave, type Measure, type Opener } from './measure.ts';
import { outputOf, watchProcesses } from './processes.ts';

interface Row extends Figures {
  values: number[];
  /** Milliseconds of processor time, MiB at most; one for each round. */
  busy: number[];
  memory: number[];
  packing: Packing;
  open: Opener;
}

/** Sends the images to the registry. @returns their descriptions */
async function fill(registry: RegistryProcess): Promise<Record<Packing, string>> {
  using client = openClient({ address: registry.host });
  const send = async (packing: Packing) => {
    const { layers, words } = largeImage(packing);
    await pushImage(client.at('bench/large'), packing, layers);
    return words;
  };
  return { gzip: await send('gzip'), zstd: await send('zstd') };
}

function rowsOf(open: Conditions['open'], words: Record<Packing, string>): Row[] {
  const row = (packing: Packing, engine: string, opener: Opener): Row => ({
    ...{ what: `${packing}: ${words[packing]}`, engine, packing, open: opener },
    ...{ values: [], busy: [], memory: [] },
  });
  return [
    row('gzip', 'beluga', open.beluga),
    row('gzip', 'dockerd', open.dockerd),
    row('gzip', 'podman (CLI)', open.podman),
    row('zstd', 'beluga', open.beluga),
    row('zstd', 'dockerd', open.dockerdZstd),
    row('zstd', 'podman (CLI)', open.podman),
  ];
}

/** One pull into an engine that has only just begun, with an empty store. */
async function pullOnce(row: Row, engine: Engine, { root, folder }: { root: string; folder: string }, name: string) {
  // what others have left to be written is not for this one to wait for
  await outputOf('sync');
  const watched = watchProcesses(`${path.join(root, folder)}/`, engine.furtherProcesses?.() ?? []);
  const began = performance.now();
  try {
    await engine.pull(name);
    row.values.push(performance.now() - began);
  } finally {
    const { busy, peak } = watched.end();
    row.busy.push(busy);
    row.memory.push(peak / 1024);
  }
}

/** Pulling an image of usual size from a registry on the same machine. */
export const measurePull: Measure = {
  words:
    'A pull into an empty store from a registry on 127.0.0.1, each time on a filesystem of its own (ext4 with a journal, in a file), and after what was written before is on the disk; milliseconds. The notes have the processor time (p50) of the engine with its children, its ratio to dockerd’s, and the largest memory (VmHWM) of the daemon’s processes, or of podman’s.',
  unit: 'ms',
  rounds: 5,
  opens: 'own',
  async measure(_, conditions) {
    const { root, signal, open } = conditions;
    const registry = await startRegistry();
    const stop = () => void registry[Symbol.asyncDispose]();
    signal.addEventListener('abort', stop);
    try {
      const rows = rowsOf(open, await fill(registry));
      let turn = 0;
      await interleave(rows, conditions, async (row) => {
        turn += 1;
        await using _disk = await openFreshDisk(path.join(root, `disk-${turn}`));
        const folder = `disk-${turn}/${row.engine.split(' ')[0]}`;
        const engine = await row.open(folder);
        try {
          await pullOnce(row, engine, { root, folder }, `${registry.host}/bench/large:${row.packing}`);
        } finally {
          await engine.close();
        }
      });
      return rows.map((row) => ({ ...row, note: noteOf(row, rows) }));
    } finally {
      signal.removeEventListener('abort', stop);
      await registry[Symbol.asyncDispose]();
    }
  },
};

function noteOf(row: Row, rows: readonly Row[]): string {
  const middle = ({ busy }: Row) => percentile(busy, 0.5);
  const peer = rows.find(({ engine, packing }) => engine === 'dockerd' && packing === row.packing);
  const ratio = peer ? ` (${(middle(row) / middle(peer)).toFixed(2)})` : '';
  return `CPU ${(middle(row) / 1000).toFixed(1)} s${ratio}, ${Math.max(...row.memory).toFixed(0)} MiB at most`;
}
