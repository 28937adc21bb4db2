import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { createKeyedLock, type KeyedLock } from '../../base/keyed-lock.ts';
import type { OciMount } from '../../drivers/oci/oci-spec.ts';
import { followInRoot } from '../../storage/files/path-in-root.ts';
import type { BuildContext } from './build-context.ts';
import type { ExecMount, ExecNode, Node, Tree } from './node.ts';
import { lookInto, type SiteDependencies } from './work-site.ts';

export interface BroughtStepMounts {
  mounts: readonly OciMount[];
  close(): Promise<void>;
}

interface MountParts {
  sites: SiteDependencies;
  dataRoot: string;
  context: BuildContext;
}

const cacheLock: KeyedLock = createKeyedLock();

/** Makes ready what a RUN has mounted, until it is closed. What is written to a bind is gone with it. */
export async function bringMounts(
  parts: MountParts,
  node: ExecNode,
  solve: (node: Node) => Promise<Tree>,
): Promise<BroughtStepMounts> {
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  try {
    const mounts: OciMount[] = [];
    for (const mount of node.mounts) mounts.push(await bring(parts, mount, { solve, closing }));
    return { mounts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Bringing {
  solve: (node: Node) => Promise<Tree>;
  closing: (() => Promise<void>)[];
}

async function bring(parts: MountParts, mount: ExecMount, { solve, closing }: Bringing): Promise<OciMount> {
  const { target: destination } = mount;
  if (mount.type === 'tmpfs') {
    const size = mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`];
    return { destination, type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'noexec', 'nodev', ...size] };
  }
  const options = ['rbind', 'rprivate', mount.readOnly ? 'ro' : 'rw'];
  if (mount.type === 'cache') {
    const { source, release } = await openCacheMount(parts.dataRoot, mount);
    closing.push(release);
    return { destination, type: 'bind', source, options };
  }
  if (mount.from === 'context') {
    const place = followInRoot(parts.context.root, path.posix.resolve('/', mount.source));
    // the context itself never changes
    return {
      destination,
      type: 'bind',
      source: path.join(parts.context.directory, place),
      options: ['rbind', 'rprivate', 'ro'],
    };
  }
  const tree = await solve(mount.from);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: opened, resolve: tell, reject } = Promise.withResolvers<string>();
  const kept = lookInto(parts.sites, tree, async (site) => {
    tell(path.join(site.rootfs, followInRoot(site.root, path.posix.resolve('/', mount.source))));
    await released;
  });
  kept.catch(reject);
  closing.push(async () => {
    release();
    await kept;
  });
  return { destination, type: 'bind', source: await opened, options };
}

type CacheMount = Extract<ExecMount, { type: 'cache' }>;

/** A folder that stays from build to build, by its id (Dockerfile reference, "RUN --mount=type=cache"). */
async function openCacheMount(dataRoot: string, mount: CacheMount) {
  const { id, sharing, mode, uid, gid } = mount;
  const name = createHash('sha256').update(id).digest('hex');
  const folder = path.join(dataRoot, 'build', 'caches', name);
  const { promise: released, resolve } = Promise.withResolvers<void>();
  if (sharing !== 'shared') {
    const { promise: mine, resolve: enter } = Promise.withResolvers<void>();
    void cacheLock.run(name, async () => {
      enter();
      await released;
    });
    await mine;
  }
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) {
    chownSync(folder, uid, gid);
    chmodSync(folder, mode);
  }
  return { source: folder, release: async () => resolve() };
}
