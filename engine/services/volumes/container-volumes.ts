import type { VolumeParts } from './local-volume-service.ts';
import { hasOwnMount } from './volume-mounts.ts';
import { checkVolume, newVolumeName, noSuchVolume } from './volume-requests.ts';
import type { VolumeRecord } from './volume-rows.ts';
import { anonymousLabel, type ContainerVolumes, type TakeVolume } from './volume-service.ts';
import { createVolumeUses } from './volume-uses.ts';

const notRemoved = 'a volume of no container could not be removed';

/** Volumes as containers have and mount them. */
export function createContainerVolumes(parts: VolumeParts): ContainerVolumes {
  const { rows, lock, users, records, volumeOf, log } = parts;
  const { mounted, ...uses } = createVolumeUses(parts);

  const hold = (name: string, container: string) => {
    const ids = users.get(name) ?? new Set();
    users.set(name, ids.add(container));
  };
  const letGo = (container: string) => {
    for (const [name, ids] of users) if (ids.delete(container) && ids.size === 0) users.delete(name);
  };
  const madeFor = (container: string) => rows.all().filter((record) => record.madeFor === container);
  const removeUnlessUsed = (name: string) =>
    lock.run(name, async () => {
      const record = rows.find(name);
      if (record && !users.has(name)) await parts.destroy(record);
    });
  const settleMadeFor = ({ madeFor: _, ...record }: VolumeRecord) => rows.put(record);

  return {
    async take(container, wanted) {
      const name = wanted.name || newVolumeName();
      return lock.run(name, async () => {
        const known = rows.find(name);
        if (!known && wanted.mustExist) throw noSuchVolume(name);
        if (!known || wanted.driver) checkVolume(name, wanted);
        const record = known ?? (await parts.make(name, wishesOf(wanted, container)));
        hold(name, container);
        return volumeOf(record);
      });
    },
    ...uses,
    keep(container) {
      const temporary = madeFor(container);
      if (temporary.length > 0) records.transaction(() => temporary.forEach(settleMadeFor));
    },
    async release(container, gone) {
      letGo(container);
      for (const name of new Set([...gone, ...madeFor(container).map((record) => record.name)]))
        await removeUnlessUsed(name);
    },
    adopt(container, names, isMounted) {
      for (const name of names) {
        hold(name, container);
        if (isMounted) mounted.set(name, (mounted.get(name) ?? new Set()).add(container));
      }
    },
    async settle() {
      await unmountUnused(parts, mounted);
      for (const record of rows.all().filter((each) => each.madeFor !== undefined)) {
        if (users.has(record.name)) records.transaction(() => settleMadeFor(record));
        else await removeUnlessUsed(record.name).catch((error) => log.error(notRemoved, { name: record.name, error }));
      }
    },
  };
}

/** A container may be starting meanwhile. */
async function unmountUnused(parts: VolumeParts, used: { has(name: string): boolean }): Promise<void> {
  const { rows, lock, mounter, directories } = parts;
  const own = rows.all().filter(({ options }) => hasOwnMount(options));
  for (const { name } of own)
    await lock.run(name, async () => {
      if (!used.has(name)) await mounter.unmount(directories.data(name));
    });
}

function wishesOf({ labels, options, temporary, marked }: TakeVolume, container: string) {
  const own = marked ? { ...labels, [anonymousLabel]: '' } : labels;
  return { ...(own && { labels: own }), ...(options && { options }), ...(temporary && { madeFor: container }) };
}
