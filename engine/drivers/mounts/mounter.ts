import { closeSync, constants, openSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { errnoCode, openPathOnly } from '../../base/libc.ts';
import {
  bindIdMapped,
  maximumMountData,
  mountFilesystem,
  mountFlags,
  unmountFilesystem,
} from '../../base/libc-mount.ts';
import type { Mount } from '../../base/mount.ts';
import { runProgram } from '../../base/run-program.ts';
import { splitMountOptions } from './mount-options.ts';
import { mountAt, mountsBelow, readMountTable, upperDirectory } from './mount-table.ts';
import { liveContainers, liveMonitors, readHolder } from './namespace-record.ts';

/** Performs the mounts that snapshotters describe. */
export interface Mounter {
  /**
   * Mounts one on another at `target`, a directory that exists. Already mounted there with the same upper directory:
   * nothing happens. @throws EngineError `conflict` when the upper directory is mounted anywhere else, for two overlays
   * on one upper directory corrupt it and the kernel does not refuse; nothing stays mounted after a failure.
   */
  mount(mounts: readonly Mount[], target: string): Promise<void>;
  /** Unmounts everything at `target` and below; lazily where something is busy. A second call is not an error. */
  unmount(target: string): Promise<void>;
  /** Mount points at or below a directory, in mount order. */
  list(below: string): readonly string[];
}

/**
 * Overlay options of many layers are longer than the one page that the kernel reads. Open directories have short names,
 * `/proc/self/fd/N`: 200 layers fit. `use` has to mount before it returns.
 */
function withShortNames(data: readonly string[], use: (data: string) => void): void {
  const descriptors: number[] = [];
  try {
    const shortened = data.map((option) => {
      if (!option.startsWith('lowerdir=')) return option;
      const layers = option.slice('lowerdir='.length).match(/(?:\\.|[^:\\])+/g) ?? [];
      const names = layers.map((layer) => {
        const descriptor = openSync(layer.replace(/\\(.)/g, '$1'), openPathOnly | constants.O_DIRECTORY);
        descriptors.push(descriptor);
        return `/proc/self/fd/${descriptor}`;
      });
      return `lowerdir=${names.join(':')}`;
    });
    use(shortened.join(','));
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

function mountBySystemCall(mount: Mount, target: string): void {
  const { flags, data } = splitMountOptions(mount.options);
  if (mount.type === 'bind') {
    const bind = flags & (mountFlags.bind | mountFlags.recursive) ? 0 : mountFlags.bind;
    const how = bind | (flags & (mountFlags.bind | mountFlags.recursive));
    if (mount.idMapped === undefined)
      mountFilesystem({ source: mount.source, target, type: null, flags: how, data: null });
    else bindIdMapped(mount.source, target, mount.idMapped);
    // a bind takes its other flags only when it is mounted again
    const rest = flags & ~(mountFlags.bind | mountFlags.recursive);
    if (rest === 0) return;
    const again = rest | mountFlags.remount | mountFlags.bind;
    mountFilesystem({ source: null, target, type: null, flags: again, data: null });
    return;
  }
  const call = (text: string) =>
    mountFilesystem({ source: mount.source || mount.type, target, type: mount.type, flags, data: text || null });
  const text = data.join(',');
  if (mount.type === 'overlay' && Buffer.byteLength(text) > maximumMountData) withShortNames(data, call);
  else call(text);
}

async function mountOne(mount: Mount, target: string): Promise<void> {
  if (mount.type === 'fuse-overlayfs' || mount.type === 'fuse.fuse-overlayfs') {
    // it goes to the background when the filesystem is mounted
    await runProgram('fuse-overlayfs', ['-o', mount.options.join(','), target]);
    return;
  }
  mountBySystemCall(mount, target);
}

/** One process of each other mount namespace that may hold our mounts. */
function otherNamespaces(runRoot: string): number[] {
  const holder = readHolder(runRoot);
  const processes = [...(holder ? [holder] : []), ...liveMonitors(runRoot), ...liveContainers(runRoot)];
  const seen = new Set([readlinkSync('/proc/self/ns/mnt')]);
  return processes.flatMap(({ pid }) => {
    try {
      const namespace = readlinkSync(`/proc/${pid}/ns/mnt`);
      if (seen.has(namespace)) return [];
      seen.add(namespace);
      return [pid];
    } catch {
      return [];
    }
  });
}

/** Upper directory that a mount will write to, if it has one. */
function upperOf(mount: Mount): string | undefined {
  if (mount.type !== 'overlay') return undefined;
  const option = mount.options.find((entry) => entry.startsWith('upperdir='));
  return option?.slice('upperdir='.length).replace(/\\(.)/g, '$1');
}

/** Also where the one is seen through a mount that maps its owners. */
function isSameDirectory(one: string | undefined, other: string): boolean {
  if (one === undefined || path.basename(one) !== path.basename(other)) return false;
  if (one === other) return true;
  const [a, b] = [one, other].map((name) => statSync(name, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

function unmountOne(target: string): void {
  try {
    unmountFilesystem(target);
  } catch (error) {
    if (errnoCode(error) !== 'EBUSY') throw error;
    unmountFilesystem(target, { lazy: true });
  }
}

function unmountAll(target: string): void {
  for (const entry of mountsBelow(readMountTable(), target)) unmountOne(entry.target);
}

/** Makes a mounter for the engine of this run root; it has to run in the engine's mount namespace. */
export function createMounter(dependencies: { runRoot: string }): Mounter {
  /** Whether the upper directory is mounted at `target` already. */
  const isMounted = (upper: string, target: string): boolean => {
    const here = readMountTable();
    const at = mountAt(here, target);
    if (at && upperDirectory(at) === upper) return true;
    const elsewhere = [here, ...otherNamespaces(dependencies.runRoot).map(readMountTable)]
      .flat()
      .find((entry) => isSameDirectory(upperDirectory(entry), upper));
    if (!elsewhere) return false;
    throw new EngineError(
      'conflict',
      `the directory ${upper} is still mounted at ${elsewhere.target}: stop what uses it`,
    );
  };

  return {
    async mount(mounts, target) {
      const upper = mounts.map(upperOf).find((entry) => entry !== undefined);
      if (upper !== undefined && isMounted(upper, target)) return;
      let done = 0;
      try {
        for (const mount of mounts) {
          await mountOne(mount, target);
          done++;
        }
      } catch (error) {
        for (; done > 0; done--) unmountOne(target);
        throw error;
      }
    },
    async unmount(target) {
      unmountAll(target);
    },
    list: (below) =>
      mountsBelow(readMountTable(), below)
        .map((entry) => entry.target)
        .reverse(),
  };
}
