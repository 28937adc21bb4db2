import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { createStoredEventBus } from '../../engine/events/stored-event-bus.ts';
import type { Registries } from '../../engine/registry/mirrors/registries.ts';
import { createImageService } from '../../engine/services/images/local-image-service.ts';
import { createTransferLimits } from '../../engine/services/images/transfer-limits.ts';
import type { ContentStore } from '../../engine/storage/content/content-store.ts';
import { openLocalContentStore } from '../../engine/storage/content/local-content-store.ts';
import { openRecords } from '../../engine/storage/records/records.ts';
import { createLayerIntakes } from '../../engine/storage/snapshots/layer-intake.ts';
import { createLayerUnpacker } from '../../engine/storage/snapshots/layer-unpacker.ts';
import { defaultLayerLimits } from '../../engine/storage/snapshots/layer-writer.ts';
import { openOverlaySnapshotter } from '../../engine/storage/snapshots/overlay-snapshotter.ts';
import type { Snapshotter } from '../../engine/storage/snapshots/snapshotter.ts';

export interface ImageStoreOptions {
  root: string;
  /** Puts something between the service and what it stands on. */
  wrap?: <T extends ContentStore | Snapshotter | ReturnType<typeof createStoredEventBus>>(part: T) => T;
}

const notAsked = () => {
  throw new Error('this test asks no registry');
};
const noRegistries: Registries = { sources: notAsked, client: notAsked };

/** The engine's image side on a data root, with the kernel's overlay and no engine around it. */
export async function openImageStore({ root, wrap = (part) => part }: ImageStoreOptions) {
  process.umask(0);
  mkdirSync(root, { recursive: true });
  const records = openRecords(path.join(root, 'records.db'));
  const unpacker = createLayerUnpacker({ limits: defaultLayerLimits });
  const intakes = createLayerIntakes({ limits: defaultLayerLimits });
  const content = await openLocalContentStore({ root: path.join(root, 'content') });
  const snapshots = await openOverlaySnapshotter({ root: path.join(root, 'snapshots'), records, unpacker });
  const images = await createImageService({
    records,
    content: wrap(content),
    snapshots: wrap(snapshots),
    unpacker,
    intakes,
    registries: noRegistries,
    transfers: { run: notAsked },
    transferLimits: createTransferLimits({ maximumDownloads: 3, maximumUploads: 5 }),
    events: wrap(createStoredEventBus({ records })),
    users: { usersOf: () => [] },
    lateSync: { write: (work) => work(), flush: async () => {} },
  });
  return {
    images,
    snapshots,
    async load(archive: Uint8Array): Promise<string[]> {
      const names: string[] = [];
      for await (const message of images.load(Readable.from([archive])))
        if ('loaded' in message) names.push(message.loaded);
      return names;
    },
    /** Everything on the disk and in the records that an image is made of; files being deleted are not counted. */
    left: () => [
      ...['content/blobs/sha256', 'content/ingest', 'content/partial', 'snapshots/l', 'snapshots/w'].flatMap((kind) =>
        readdirSync(path.join(root, kind)).map((name) => `${kind}/${name}`),
      ),
      ...['images', 'image_references', 'snapshots', 'leases', 'lease_items', 'events'].flatMap((table) =>
        records.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n === 0 ? [] : [`a row of ${table}`],
      ),
    ],
    async close() {
      await intakes.close();
      await unpacker.close();
      records.close();
    },
  };
}
