import { existsSync, readdirSync, readFileSync, rmdirSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { errnoCode } from '../../base/libc.ts';
import { readMountTable } from '../mounts/mount-table.ts';
import { openCgroupV1 } from './cgroups/cgroup-v1.ts';
import { openCgroupV2 } from './cgroups/cgroup-v2.ts';
import type { ContainerCgroup } from './cgroups/container-cgroup.ts';

const cgroup2Magic = 0x63677270;

/** 2 where the one unified hierarchy is mounted, 1 on legacy and hybrid hosts. cgroups(7). */
export function cgroupVersion(): 1 | 2 {
  return statfsSync('/sys/fs/cgroup').type === cgroup2Magic ? 2 : 1;
}

/** Mount points of every cgroup hierarchy that this process sees. */
export function cgroupHierarchies(): string[] {
  const entries = readMountTable().filter(({ type }) => type === 'cgroup' || type === 'cgroup2');
  return [...new Set(entries.map(({ target }) => target))];
}

/** Containers' cgroups: made by the OCI runtimes, looked after and taken away here. */
export interface Cgroups {
  /** A container's cgroup by its path in the hierarchies; also where there is none, or not yet. */
  open(cgroupsPath: string): ContainerCgroup;
  /** Runs `work`, which makes cgroups; meanwhile no shared parent is removed. */
  making<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Removes a container's cgroup with what is in it, and its parents of ours (`beluga-…`) once they are empty, in every
   * hierarchy. A parent of the user's own choice stays.
   * @returns whether it is gone: what was killed just now may still be there
   */
  remove(cgroupsPath: string): boolean;
}

let knownMounts: ReadonlyMap<string, string> | undefined;

/** Where each v1 controller is mounted: since the boot, while the table of mounts grows with every container. */
function controllerMounts(): ReadonlyMap<string, string> {
  knownMounts ??= readControllerMounts();
  return knownMounts;
}

function readControllerMounts(): ReadonlyMap<string, string> {
  const entries = readMountTable().filter(({ type }) => type === 'cgroup');
  return new Map(entries.flatMap(({ superOptions, target }) => superOptions.split(',').map((name) => [name, target])));
}

function openCgroup(cgroupsPath: string): ContainerCgroup {
  if (cgroupVersion() === 2) return openCgroupV2(path.join('/sys/fs/cgroup', cgroupsPath));
  const mounts = controllerMounts();
  return openCgroupV1((controller) => {
    const target = mounts.get(controller);
    return target === undefined ? undefined : path.join(target, cgroupsPath);
  });
}

function signalMembers(directory: string): void {
  let pids: string[];
  try {
    pids = readFileSync(path.join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
  } catch {
    return;
  }
  for (const pid of pids) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch (error) {
      if (errnoCode(error) !== 'ESRCH') throw error;
    }
  }
}

function removeDirectory(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    const code = errnoCode(error);
    if (code === 'ENOENT') return true;
    if (code === 'EBUSY' || code === 'ENOTEMPTY') return false;
    // a hierarchy that cannot be written says so before it looks whether there is anything
    if (code === 'EROFS') return !existsSync(directory);
    throw error;
  }
}

function removeTree(directory: string): boolean {
  let children: string[];
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    children = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (errnoCode(error) === 'ENOENT') return true;
    throw error;
  }
  for (const child of children) removeTree(path.join(directory, child));
  // what has no members goes at once
  if (removeDirectory(directory)) return true;
  signalMembers(directory);
  return removeDirectory(directory);
}

/** One object for all runtimes that make cgroups below the same parents. */
export function createCgroups(): Cgroups {
  let beingMade = 0;
  return {
    open: openCgroup,
    async making(work) {
      beingMade++;
      try {
        return await work();
      } finally {
        beingMade--;
      }
    },
    remove(cgroupsPath) {
      const relative = path.join('/', cgroupsPath);
      if (relative === '/') return true;
      let gone = true;
      for (const hierarchy of cgroupHierarchies()) {
        gone = removeTree(path.join(hierarchy, relative)) && gone;
        if (beingMade > 0) continue;
        for (let parent = path.dirname(relative); parent.startsWith('/beluga-'); parent = path.dirname(parent)) {
          if (!removeDirectory(path.join(hierarchy, parent))) break;
        }
      }
      return gone;
    },
  };
}
