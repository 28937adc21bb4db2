import { readdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { errnoCode } from '../../base/libc.ts';
import type { ContainerCgroup } from '../../drivers/oci/cgroups/container-cgroup.ts';
import { type Cgroups, cgroupHierarchies } from '../../drivers/oci/cgroups.ts';

/** A container's cgroup, the same path in every hierarchy. @param parent `--cgroup-parent` */
export function cgroupPath(instance: string, id: string, parent?: string): string {
  return path.posix.join(parent ? path.posix.join('/', parent) : parentPath(instance), id);
}

const parentPath = (instance: string) => `/beluga-${instance}`;

/** The cgroups of this engine's containers. */
export interface ContainerCgroups {
  /** One container's, also where there is none now. */
  of(id: string, parent?: string): ContainerCgroup;
  /** Ids of containers that have one. */
  list(): readonly string[];
  remove(id: string, parent?: string): void;
  /** Removes the parent of all where nothing is in it; when the engine ends. */
  removeEmptyParent(): void;
}

/** The same where each container may have a parent of its own. */
export function withParents(cgroups: ContainerCgroups, parentOf: (id: string) => string | undefined): ContainerCgroups {
  return {
    ...cgroups,
    of: (id) => cgroups.of(id, parentOf(id)),
    remove: (id) => cgroups.remove(id, parentOf(id)),
  };
}

export function openContainerCgroups(instance: string, cgroups: Cgroups): ContainerCgroups {
  return {
    of: (id, parent) => cgroups.open(cgroupPath(instance, id, parent)),
    list: () => [
      ...new Set(cgroupHierarchies().flatMap((hierarchy) => namesIn(path.join(hierarchy, parentPath(instance))))),
    ],
    remove: (id, parent) => cgroups.remove(cgroupPath(instance, id, parent)),
    removeEmptyParent() {
      for (const hierarchy of cgroupHierarchies()) {
        try {
          rmdirSync(path.join(hierarchy, parentPath(instance)));
        } catch (error) {
          // EBUSY: containers go on
          if (!['ENOENT', 'EBUSY', 'ENOTEMPTY'].includes(errnoCode(error) ?? '')) throw error;
        }
      }
    },
  };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^[0-9a-f]{64}$/.test(name));
  } catch {
    return [];
  }
}
