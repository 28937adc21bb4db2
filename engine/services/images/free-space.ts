import type { ImageParts } from './image-parts.ts';
import type { RemovedImage } from './image-service.ts';
import type { Removal } from './remove-image.ts';

/**
 * Removes in one transaction, then frees what nothing needs any more. Layers that went with the images are named by their
 * chain ids behind them, as dockerd does; `reclaimed` is what their files held, in bytes.
 */
export async function removeAndFree(
  parts: ImageParts,
  remove: () => readonly Removal[],
): Promise<{ removed: RemovedImage[]; reclaimed: number }> {
  const { records, collector } = parts;
  const before = await layerSizes(parts);
  const removals = records.transaction(remove);
  await collector.collect();
  const after = await layerSizes(parts);
  const gone = new Map([...before].filter(([key]) => !after.has(key)));
  const removed: RemovedImage[] = [];
  let reclaimed = 0;
  for (const removal of removals) {
    removed.push(...removal.removed);
    for (const key of removal.chain) {
      reclaimed += gone.get(key) ?? 0;
      // a layer of several images went with the last of them
      if (gone.delete(key)) removed.push({ deleted: key });
    }
  }
  return { removed, reclaimed };
}

/** Bytes of the files of each layer, by its chain id. */
export async function layerSizes({ snapshots }: ImageParts): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for await (const { key, kind, bytes } of snapshots.list()) if (kind === 'committed') sizes.set(key, bytes);
  return sizes;
}
