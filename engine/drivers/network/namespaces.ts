import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { errnoCode } from '../../base/libc.ts';
import { mountFilesystem, mountFlags, unmountFilesystem } from '../../base/libc-mount.ts';
import { enterNetworkNamespace, unshareNetworkNamespace } from '../../base/libc-process.ts';
import { mountAt, readMountTable } from '../mounts/mount-table.ts';
import { makeNetworkNamespaceIn } from '../userns/new-namespaces.ts';
import { openRouteSocket } from './rtnetlink.ts';

/**
 * Network namespaces of containers: each is a file in `<run root>/netns` named by the container, kept by a bind mount.
 * Main thread only.
 */
export interface Namespaces {
  /** Makes it with loopback up, unless it is there; its path. */
  make(containerId: string): string;
  /** The same, belonging to the user namespace behind a path. */
  makeIn(containerId: string, userNamespace: string): Promise<string>;
  remove(containerId: string): void;
  list(): readonly string[];
}

/** In a new namespace `lo` always has index 1. */
const loopback = 1;

/**
 * Runs `work` elsewhere and comes back; nothing may await in between, so no other code sees it. A process that cannot
 * come back must not go on: its next socket would be the container's.
 */
function away<T>(go: () => void, work: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    go();
    try {
      return work();
    } finally {
      try {
        enterNetworkNamespace(home);
      } catch (error) {
        process.stderr.write(`${JSON.stringify({ level: 'fatal', message: `setns back failed: ${error}` })}\n`);
        process.abort();
      }
    }
  } finally {
    closeSync(home);
  }
}

/** Runs `work` in a new network namespace, which is gone afterwards unless `work` keeps it. */
export const inNewNamespace = <T>(work: () => T): T => away(unshareNetworkNamespace, work);

/** Runs `work` in the namespace behind the descriptor. */
export const inNamespace = <T>(descriptor: number, work: () => T): T =>
  away(() => enterNetworkNamespace(descriptor), work);

function within(file: string, work: () => void): void {
  const descriptor = openSync(file, 'r');
  try {
    inNamespace(descriptor, work);
  } finally {
    closeSync(descriptor);
  }
}

function setLoopbackUp(): void {
  const routes = openRouteSocket();
  try {
    routes.setUp(loopback);
  } finally {
    routes.close();
  }
}

const bindOn = (file: string, source: string) =>
  mountFilesystem({ source, target: file, type: null, flags: mountFlags.bind, data: null });

function bindNewNamespace(file: string): void {
  try {
    inNewNamespace(() => {
      setLoopbackUp();
      bindOn(file, '/proc/thread-self/ns/net');
    });
  } catch (error) {
    removeNamespace(file);
    throw new EngineError('unavailable', `a network namespace cannot be made: ${error}`, {
      reason: 'host.no-namespaces',
      params: { detail: String(error) },
      cause: error,
    });
  }
}

function removeNamespace(file: string): void {
  for (;;) {
    try {
      unmountFilesystem(file, { lazy: true });
    } catch (error) {
      // EINVAL: no mount (any more)
      if (!['EINVAL', 'ENOENT'].includes(errnoCode(error) ?? '')) throw error;
      break;
    }
  }
  rmSync(file, { force: true });
}

export function openNamespaces(runRoot: string): Namespaces {
  const directory = path.join(runRoot, 'netns');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const fileOf = (id: string) => path.join(directory, id);
  return {
    make(id) {
      const file = fileOf(id);
      if (mountAt(readMountTable(), file)) return file;
      closeSync(openSync(file, 'w', 0o600));
      bindNewNamespace(file);
      return file;
    },
    async makeIn(id, userNamespace) {
      const file = fileOf(id);
      if (mountAt(readMountTable(), file)) return file;
      closeSync(openSync(file, 'w', 0o600));
      try {
        await makeNetworkNamespaceIn(userNamespace, (source) => bindOn(file, source));
        within(file, setLoopbackUp);
        return file;
      } catch (error) {
        removeNamespace(file);
        throw error;
      }
    },
    remove: (id) => removeNamespace(fileOf(id)),
    list: () => readdirSync(directory),
  };
}
