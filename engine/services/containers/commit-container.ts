import { EngineError, toEngineError } from '../../base/errors.ts';
import type { KeyedLock } from '../../base/keyed-lock.ts';
import type { RootFiles } from '../../storage/files/root-files.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { ImageConfig, ImageService } from '../images/image-service.ts';
import type { ContainerCgroups } from './container-cgroups.ts';
import type { CommitContainer, ContainerFiles } from './container-files-service.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerConfig } from './container-service.ts';
import type { ContainerStore } from './container-store.ts';
import type { ContainerViews } from './container-view.ts';
import { changesOf, refuseRemoved } from './local-container-files.ts';
import { nextState } from './state-machine.ts';

export interface CommitDependencies {
  store: ContainerStore;
  lock: KeyedLock;
  cgroups: ContainerCgroups;
  snapshots: Snapshotter;
  files: RootFiles;
  views: ContainerViews;
  images(): Pick<ImageService, 'commit'>;
}

/** `docker commit`. */
export function createCommitter(dependencies: CommitDependencies): Pick<ContainerFiles, 'commit'> {
  const { store } = dependencies;
  return {
    async commit(request) {
      if (request.container === '') {
        throw new EngineError('invalid', 'invalid name or ID supplied: ""', { reason: 'request.invalid' });
      }
      const { id } = store.resolve(request.container);
      const stopped = request.pause && (await standStill(dependencies, id));
      try {
        return await commitNow(dependencies, store.resolve(id), request);
      } catch (error) {
        refuseRemoved(store.resolve(id), 'commit');
        throw error;
      } finally {
        if (stopped) await letGo(dependencies, id);
      }
    },
  };
}

async function commitNow(
  { store, files, views, snapshots, images }: CommitDependencies,
  record: ContainerRecord,
  { reference, author, comment, config, changes }: CommitContainer,
) {
  const { id, fixed } = record;
  refuseRemoved(record, 'commit');
  return images().commit({
    parent: fixed.imageId as `sha256:${string}`,
    ...{ given: config, container: imageConfigOf(fixed.config), changes },
    command: fixed.config.command ?? [],
    ...(author && { author }),
    ...(comment && { comment }),
    ...(reference && { reference }),
    pack: (file) =>
      views.layers(id, async (root) => {
        const found = await changesOf({ snapshots, files }, id);
        return found.length === 0 ? undefined : files.pack({ root, changes: found, file });
      }),
    made: (imageId, imageRef) => {
      const attributes = { comment: comment ?? '', imageID: imageId, imageRef };
      if (store.find(id)) store.tell(id, { action: 'commit', attributes });
    },
  });
}

/** What an image can say of containers. */
function imageConfigOf(config: ContainerConfig): ImageConfig {
  const { image: _image, hostname: _name, domainname: _domain, terminal: _terminal, ...said } = config;
  return said;
}

/**
 * Freezes a container that runs. That it is for this is written down first: an engine that finds it so after a crash lets it go
 * (reconcile.ts).
 * @returns whether it was let stand still here
 */
async function standStill({ store, lock, cgroups }: CommitDependencies, id: string): Promise<boolean> {
  return lock.run(id, async () => {
    const record = store.resolve(id);
    if (record.state !== 'running') return false;
    store.change(id, { status: { pausedBy: 'commit' } });
    await cgroups.of(id).freeze();
    store.change(id, { state: nextState(record, 'pause') }, { action: 'pause' });
    return true;
  });
}

/** Unless somebody else did, or it was ended. */
async function letGo({ store, lock, cgroups }: CommitDependencies, id: string): Promise<void> {
  await lock.run(id, async () => {
    const record = store.find(id);
    if (record?.state !== 'paused' || record.status.pausedBy !== 'commit') return;
    try {
      cgroups.of(id).thaw();
    } catch (error) {
      if (toEngineError(error).code !== 'not-found') throw error;
    }
    store.change(id, { state: 'running', status: { pausedBy: undefined } }, { action: 'unpause' });
  });
}
