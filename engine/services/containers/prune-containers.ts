import { toEngineError } from '../../base/errors.ts';
import type { EventBus } from '../../events/event-bus.ts';
import { containerSnapshot } from '../../storage/collect/collector.ts';
import type { Records } from '../../storage/records/records.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { LabelMatch } from '../images/image-service.ts';
import type { ContainerPruner, PruneContainers, PrunedContainers } from './container-files-service.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerService } from './container-service.ts';
import type { ContainerStore } from './container-store.ts';
import { isLive } from './state-machine.ts';

export interface PruneDependencies {
  store: ContainerStore;
  snapshots: Pick<Snapshotter, 'usage'>;
  records: Records;
  events: EventBus;
  remove: ContainerService['remove'];
}

/** `docker container prune`: what cannot be removed stays, and is not told. */
export function createPruner(dependencies: PruneDependencies): ContainerPruner {
  const { store, snapshots, records, events, remove } = dependencies;
  let running: Promise<unknown> = Promise.resolve();
  const prune = async (which: PruneContainers): Promise<PrunedContainers> => {
    const removed: string[] = [];
    let reclaimed = 0;
    for (const { id, state } of store.all().filter((record) => isMeant(record, which))) {
      if (state === 'removing') continue;
      try {
        const { bytes } = await snapshots.usage(containerSnapshot(id));
        await remove(id);
        reclaimed += bytes;
        removed.push(id);
      } catch (error) {
        // it was started, or removed, meanwhile
        if (!['conflict', 'not-found'].includes(toEngineError(error).code)) throw error;
      }
    }
    const actor = { id: '', attributes: { reclaimed: String(reclaimed) } };
    records.lightTransaction(() => events.record({ type: 'container', action: 'prune', actor }));
    return { removed, reclaimed };
  };
  return (which) => {
    const mine = running.catch(() => {}).then(() => prune(which));
    running = mine;
    return mine;
  };
}

function isMeant({ state, createdNano, fixed }: ContainerRecord, which: PruneContainers): boolean {
  if (isLive(state)) return false;
  const { labels } = fixed.config;
  const has = ({ key, value }: LabelMatch) =>
    Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
  if (which.createdUntil && Number(createdNano / 1_000_000n) >= which.createdUntil.getTime()) return false;
  if (!which.labels.every(has)) return false;
  return which.withoutLabels.length === 0 || !which.withoutLabels.every(has);
}
