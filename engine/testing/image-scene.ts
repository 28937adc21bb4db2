import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { EngineEvent } from '../events/event-bus.ts';
import { createImageService } from '../services/images/local-image-service.ts';
import { createTransferLimits } from '../services/images/transfer-limits.ts';
import { openLocalContentStore } from '../storage/content/local-content-store.ts';
import { openRecords } from '../storage/records/records.ts';
import { createLayerIntakes } from '../storage/snapshots/layer-intake.ts';
import { createLayerUnpacker } from '../storage/snapshots/layer-unpacker.ts';
import { defaultLayerLimits } from '../storage/snapshots/layer-writer.ts';
import { openPlainCopySnapshotter } from '../storage/snapshots/plain-copy-snapshotter.ts';

/** An engine's image side in this data root; plain copies need no privileges. `close` may be called again. */
export async function openImageScene(root: string) {
  mkdirSync(root, { recursive: true });
  const records = openRecords(path.join(root, 'records.db'));
  const unpacker = createLayerUnpacker({ limits: defaultLayerLimits });
  const content = await openLocalContentStore({ root: path.join(root, 'content') });
  const snapshots = await openPlainCopySnapshotter({ root: path.join(root, 'snapshots'), records, unpacker });
  const told: string[] = [];
  const events = {
    record: ({ action, actor }: Pick<EngineEvent, 'action' | 'actor'>) =>
      void told.push(`${action} ${actor.attributes.name?.slice(0, 19)}`),
    watchers: () => 0,
    watch: () => assert.fail('not asked for'),
  };
  const using: { id: string; running: boolean }[] = [];
  const users = { usersOf: () => using };
  const intakes = createLayerIntakes({ limits: defaultLayerLimits });
  const notAsked = () => assert.fail('not asked for');
  const registries = { sources: notAsked, client: notAsked };
  const transfers = { run: notAsked };
  const images = await createImageService({
    records,
    content,
    snapshots,
    unpacker,
    intakes,
    registries,
    transfers,
    transferLimits: createTransferLimits({ maximumDownloads: 3, maximumUploads: 5 }),
    events,
    users,
    lateSync: { write: (work) => work(), flush: async () => {} },
  });
  let open_ = true;
  const close = async () => {
    if (!open_) return;
    open_ = false;
    await intakes.close();
    await unpacker.close();
    records.close();
  };
  const files = () =>
    ['content/blobs/sha256', 'content/ingest', 'snapshots/l'].flatMap((kind) => readdirSync(path.join(root, kind)));
  return { root, images, told, using, records, content, snapshots, files, close };
}
