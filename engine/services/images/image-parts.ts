import type { EventBus } from '../../events/event-bus.ts';
import type { Collector } from '../../storage/collect/collector.ts';
import type { ContentStore } from '../../storage/content/content-store.ts';
import type { LateSync } from '../../storage/late-sync.ts';
import type { Records } from '../../storage/records/records.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { ImageRecords } from './image-records.ts';
import type { ImageUsers } from './image-service.ts';
import type { LayerChain } from './layer-chain.ts';

/** What the image service's parts work with. */
export interface ImageParts {
  records: Records;
  images: ImageRecords;
  content: ContentStore;
  snapshots: Snapshotter;
  collector: Collector;
  layers: LayerChain;
  events: EventBus;
  users: ImageUsers;
  /** To be flushed before an image is made of what was there. */
  lateSync: LateSync;
}
