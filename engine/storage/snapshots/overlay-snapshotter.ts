import { existsSync } from 'node:fs';
import type { Mount } from '../../base/mount.ts';
import { openDirectorySnapshotter, type SnapshotLayers, type SnapshotterOptions } from './directory-snapshotter.ts';
import type { MountOptions, Snapshotter } from './snapshotter.ts';

/** The kernel's overlayfs (filesystems/overlayfs.rst): the fastest, where the data root's filesystem can carry it. */
export function openOverlaySnapshotter(options: SnapshotterOptions): Promise<Snapshotter> {
  const extra = kernelOptions();
  return openDirectorySnapshotter(options, {
    name: 'overlay',
    copiesParent: false,
    mounts: (layers, options) => overlayMounts('overlay', layers, { ...options, extra }),
  });
}

/**
 * What keeps an upper directory readable on its own, whatever the distribution's defaults are: no index, no renamed
 * directories and no files of metadata alone.
 */
export function kernelOptions(): string[] {
  const known = (name: string) => existsSync(`/sys/module/overlay/parameters/${name}`);
  return ['index', 'redirect_dir', 'metacopy'].filter(known).map((name) => `${name}=off`);
}

/** The mount of an overlay, or a bind where there is nothing beneath. */
export function overlayMounts(
  type: string,
  { directory, work, parents }: SnapshotLayers,
  { extra, readOnly, volatile }: MountOptions & { extra: readonly string[] },
): readonly Mount[] {
  if (parents.length === 0) return [{ type: 'bind', source: directory, options: ['rbind', 'rw'] }];
  const lowerOf = (all: readonly string[]) => `lowerdir=${all.map(escaped).join(':')}`;
  // as the uppermost of lower directories it is read only, and no second mount of an upper directory
  if (readOnly) return [{ type, source: 'overlay', options: [lowerOf([directory, ...parents]), ...extra] }];
  const lower = lowerOf(parents);
  return [
    {
      type,
      source: 'overlay',
      options: [
        lower,
        `upperdir=${escaped(directory)}`,
        `workdir=${escaped(work)}`,
        ...extra,
        ...(volatile ? ['volatile'] : []),
      ],
    },
  ];
}

/** Colons part lower directories, commas options. */
const escaped = (path: string) => path.replace(/[\\:,]/g, '\\$&');
