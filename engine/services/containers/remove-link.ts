import type { KeyedLock } from '../../base/keyed-lock.ts';
import type { ContainerStore } from './container-store.ts';
import { withoutLink } from './links.ts';

/** `docker rm --link parent/alias`: for the parent's next start. @throws EngineError in Docker's words. */
export async function removeLink(
  { store, lock }: { store: ContainerStore; lock: KeyedLock },
  name: string,
): Promise<void> {
  const { parent } = withoutLink(name, store.lookUp);
  await lock.run(parent.id, async () => {
    // as it stands now
    const { links } = withoutLink(name, store.lookUp);
    store.change(parent.id, { hostConfig: { links } });
  });
}
