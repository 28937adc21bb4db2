import path from 'node:path';
import type { OciMount } from '../../drivers/oci/oci-spec.ts';
import { followInRoot } from '../../storage/files/path-in-root.ts';
import type { BuildContext } from './build-context.ts';
import type { CacheMount, CacheMounts } from './cache-mounts.ts';
import type { ExecMount, ExecNode, Node, Tree } from './node.ts';
import { lookInto, type SiteDependencies } from './work-site.ts';

export interface BroughtStepMounts {
  mounts: readonly OciMount[];
  close(): Promise<void>;
}

interface MountParts {
  sites: SiteDependencies;
  cacheMounts: CacheMounts;
  context: BuildContext;
  signal: AbortSignal;
  /** Told the id of each cache that is mounted. */
  using(id: string): void;
}

/** What `bring` makes; the client's own come when the step's root is there (exec-secrets.ts). */
type BroughtMount = Exclude<ExecMount, { type: 'secret' | 'ssh' }>;

const isBrought = (mount: ExecMount): mount is BroughtMount => mount.type !== 'secret' && mount.type !== 'ssh';

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
    const wanted = node.mounts.filter(isBrought);
    const { signal, using } = parts;
    const ofCaches = wanted.filter((mount) => mount.type === 'cache');
    const caches = await parts.cacheMounts.open(ofCaches, signal, using);
    closing.push(async () => caches.close());
    const sourceOf = (mount: CacheMount) => caches.sources.get(mount) ?? '';
    for (const mount of wanted) mounts.push(await bring(parts, mount, { solve, closing, sourceOf }));
    return { mounts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Bringing {
  solve: (node: Node) => Promise<Tree>;
  closing: (() => Promise<void>)[];
  sourceOf(mount: CacheMount): string;
}

async function bring(
  parts: MountParts,
  mount: BroughtMount,
  { solve, closing, sourceOf }: Bringing,
): Promise<OciMount> {
  const { target: destination } = mount;
  if (mount.type === 'tmpfs') {
    const size = mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`];
    return { destination, type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'noexec', 'nodev', ...size] };
  }
  const options = ['rbind', 'rprivate', mount.readOnly ? 'ro' : 'rw'];
  if (mount.type === 'cache') return { destination, type: 'bind', source: sourceOf(mount), options };
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
