import { unlessMissing } from '../../base/errors.ts';
import type { LayerUnpacker } from './layer-unpacker.ts';
import type { Snapshotter } from './snapshotter.ts';

/** Removes the snapshot of a layer that did not come to its end, if there is one. */
export async function removeUnfinished(
  { snapshots, unpacker }: { snapshots: Snapshotter; unpacker: Pick<LayerUnpacker, 'remove'> },
  key: string,
): Promise<void> {
  if (!(await unlessMissing(snapshots.stat(key)))) return;
  // files first: on a full disk the records may not even be able to forget
  await unpacker.remove((await snapshots.target(key)).directory);
  await snapshots.remove(key);
}
