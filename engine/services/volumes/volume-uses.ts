import { closeSync, constants, openSync } from 'node:fs';
import { EngineError } from '../../base/errors.ts';
import { errnoCode, openPathOnly } from '../../base/libc.ts';
import { openBelow } from '../../base/libc-open-beneath.ts';
import type { VolumeParts } from './local-volume-service.ts';
import { hasOwnMount, mountVolume } from './volume-mounts.ts';
import type { VolumeRecord } from './volume-rows.ts';
import type { ContainerVolumes } from './volume-service.ts';

export interface VolumeUses extends Pick<ContainerVolumes, 'fill' | 'mount' | 'unmount' | 'borrow'> {
  /** Who uses a volume now, by its name. */
  mounted: Map<string, Set<string>>;
}

/** Volumes while their files are used: the first one mounts what a volume's options say, the last one takes it away. */
export function createVolumeUses(parts: VolumeParts): VolumeUses {
  const { rows, find, lock, records, tell } = parts;
  const { mounted, useMount, endUse } = ownMounts(parts);
  const mountable = (name: string) => ({ name, options: rows.find(name)?.options });
  let borrowed = 0;
  return {
    mounted,
    fill: (name, container, from, subpath) =>
      lock.run(name, async () => {
        const record = find(name);
        const data = await useMount(record, container);
        try {
          await fillInto(parts, record, { data, from, subpath });
        } finally {
          await endUse(record, container);
        }
      }),
    mount: (name, container, { target, readOnly, propagation }) =>
      lock.run(name, async () => {
        const record = find(name);
        const data = await useMount(record, container);
        const words = { container, destination: target, propagation, 'read/write': String(!readOnly) };
        records.lightTransaction(() => tell('mount', name, words));
        return data;
      }),
    async unmount(container) {
      const names = [...mounted].flatMap(([name, ids]) => (ids.has(container) ? [name] : []));
      for (const name of names)
        await lock.run(name, async () => {
          await endUse(mountable(name), container);
          records.lightTransaction(() => tell('unmount', name, { container }));
        });
    },
    async borrow(container, names) {
      const borrower = `${container} ${++borrowed}`;
      const taken: string[] = [];
      const giveBack = async () => {
        for (const name of taken.splice(0)) await lock.run(name, () => endUse(mountable(name), borrower));
      };
      try {
        for (const name of names) {
          await lock.run(name, () => useMount(mountable(name), borrower));
          taken.push(name);
        }
      } catch (error) {
        await giveBack();
        throw error;
      }
      return giveBack;
    },
  };
}

type Mountable = Pick<VolumeRecord, 'name'> & { options?: VolumeRecord['options'] | undefined };

/** Counts who uses a volume's own mount; each call under the volume's lock. */
function ownMounts({ directories, mounter }: VolumeParts) {
  const mounted = new Map<string, Set<string>>();
  return {
    /** Running containers by the name of a volume. */
    mounted,
    async useMount({ name, options = {} }: Mountable, container: string): Promise<string> {
      const data = directories.data(name);
      const ids = mounted.get(name) ?? new Set();
      // also where others use it: their engine's mount namespace may have been lost with its mounts
      if (hasOwnMount(options) && !mounter.list(data).includes(data)) {
        await directories.make(name);
        await mountVolume(mounter, data, options);
      }
      mounted.set(name, ids.add(container));
      return data;
    },
    async endUse({ name, options }: Mountable, container: string): Promise<void> {
      const ids = mounted.get(name);
      if (!ids?.delete(container) || ids.size > 0) return;
      mounted.delete(name);
      if (hasOwnMount(options)) await mounter.unmount(directories.data(name));
    },
  };
}

async function fillInto(
  { directories }: VolumeParts,
  { name, options }: VolumeRecord,
  { data, from, subpath }: { data: string; from: string; subpath: string | undefined },
): Promise<void> {
  if (subpath === undefined) return directories.fill(from, { name, into: data, beside: !hasOwnMount(options) });
  const directory = openDirectoryBelow(data, subpath);
  if (directory === undefined) return;
  try {
    await directories.fill(from, { name, into: `/proc/self/fd/${directory}/.`, beside: false });
  } finally {
    closeSync(directory);
  }
}

/** Undefined where no directory is there: the start of the container tells. */
function openDirectoryBelow(data: string, subpath: string): number | undefined {
  const top = openSync(data, openPathOnly | constants.O_DIRECTORY);
  try {
    return openBelow(top, subpath, openPathOnly | constants.O_DIRECTORY);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EXDEV', 'ELOOP'].includes(errnoCode(error) ?? '')) return undefined;
    throw new EngineError('internal', `cannot access path ${data}/${subpath}`, { cause: error });
  } finally {
    closeSync(top);
  }
}
