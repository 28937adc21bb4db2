import { allocatedBytes } from '../../base/allocated-bytes.ts';
import type { ContentStore } from '../../storage/content/content-store.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { DiskFigures } from './system-service.ts';

export interface DiskParts {
  content: Pick<ContentStore, 'allocated'>;
  snapshots: Pick<Snapshotter, 'allocated' | 'list'>;
  /** Where containers' logs and host files lie. */
  containersDirectory: string;
}

/** Measures what a data root takes; calls that come meanwhile wait for the same walk. */
export function createDiskMeter(parts: DiskParts): () => Promise<DiskFigures> {
  let going: Promise<DiskFigures> | undefined;
  return () => {
    going ??= measure(parts).finally(() => {
      going = undefined;
    });
    return going;
  };
}

async function measure({ content, snapshots, containersDirectory }: DiskParts): Promise<DiskFigures> {
  const kinds = new Map<string, keyof DiskFigures>();
  for await (const { key, kind } of snapshots.list()) {
    kinds.set(key, kind === 'committed' ? 'layers' : key.startsWith('container:') ? 'containers' : 'partial');
  }
  const figures: DiskFigures = { layers: 0, blobs: 0, partial: 0, containers: 0, logs: 0 };
  for (const [key, bytes] of await snapshots.allocated([...kinds.keys()])) figures[kinds.get(key) ?? 'layers'] += bytes;
  const { blobs, unfinished } = await content.allocated();
  figures.blobs = [...blobs.values()].reduce((sum, bytes) => sum + bytes, 0);
  figures.partial += unfinished;
  figures.logs = (await allocatedBytes([containersDirectory])).get(containersDirectory) ?? 0;
  return figures;
}
