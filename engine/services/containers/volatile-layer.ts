import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Mount } from '../../base/mount.ts';
import { bootId } from '../../base/process-identity.ts';
import type { ContainerRecord } from './container-record.ts';

/**
 * Before the writable layer of an auto-remove container is mounted again: the kernel marks the work directory of a volatile
 * overlay and refuses it from then on, for after a power cut the upper directory may be torn. Only within the same boot is
 * the mark of no meaning.
 */
export async function allowRemount({ fixed, status }: ContainerRecord, mounts: readonly Mount[]): Promise<void> {
  if (!fixed.hostConfig.autoRemove || status.bootId !== bootId()) return;
  for (const { options } of mounts) {
    const work = options.find((option) => option.startsWith('workdir='))?.slice('workdir='.length);
    if (work) await rm(path.join(work, 'work/incompat/volatile'), { recursive: true, force: true });
  }
}
