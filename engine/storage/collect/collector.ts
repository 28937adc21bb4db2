import type { Digest } from '../../base/digest.ts';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { ContentStore } from '../content/content-store.ts';
import type { Records } from '../records/records.ts';
import { openSnapshotRecords } from '../snapshots/snapshot-records.ts';
import type { SnapshotInfo, Snapshotter } from '../snapshots/snapshotter.ts';
import { type HeldKind, type Leases, openLeases } from './leases.ts';

/** Deletes the blobs and snapshots that nothing needs any more. */
export interface Collector {
  readonly leases: Leases;
  /** What no root, lease or child holds goes; containers' writable layers stay, their makers remove them. */
  collect(): Promise<void>;
  /** What a collection would delete if only these were in use, with everything that leases hold. */
  unneeded(roots: Iterable<Root>): Promise<{ snapshots: readonly string[]; content: readonly Digest[] }>;
  /** At the start: no work is under way, so leases and writable layers without a container go too. */
  recover(): Promise<void>;
}

/** Something in use. */
export interface Root {
  kind: HeldKind;
  key: string;
}

export interface CollectorOptions {
  records: Records;
  content: ContentStore;
  snapshots: Snapshotter;
  /** What is in use, read anew for each collection. */
  roots(): Iterable<Root>;
}

const containerPrefix = 'container:';
/** A container may have more snapshots, `container:ID:N`. */
const containerOf = (key: string) => key.slice(containerPrefix.length).split(':', 1)[0] ?? '';

/** The key of a container's writable layer: it stays as long as the container's record. */
export function containerSnapshot(id: string): string {
  return `${containerPrefix}${id}`;
}

/**
 * Decides and deletes in one turn of the event loop (store and snapshotter forget at the call), so that work which
 * takes a lease before it looks never finds what is about to vanish.
 */
export function createCollector(options: CollectorOptions): Collector {
  const { records, content, snapshots } = options;
  const leases = openLeases(records);
  const rows = openSnapshotRecords(records);
  const container = records.database.prepare('SELECT 1 FROM containers WHERE id = ?');
  const lock = createKeyedLock();

  const heldOf = (kind: HeldKind, roots: Iterable<Root>): Set<string> => {
    const held = new Set(leases.held(kind));
    for (const root of roots) if (root.kind === kind) held.add(root.key);
    return held;
  };
  const freeSnapshots = (roots: Iterable<Root>, starting = false): string[] => {
    const held = heldOf('snapshot', roots);
    const isHeld = ({ key }: SnapshotInfo) => {
      if (!key.startsWith(containerPrefix)) return held.has(key);
      return !starting || container.get(containerOf(key)) !== undefined || held.has(key);
    };
    return leavesFirst(rows.all(), isHeld);
  };
  const listed = async (): Promise<Digest[]> => {
    const found: Digest[] = [];
    for await (const { digest } of content.list()) found.push(digest);
    return found;
  };
  const freeOf = (found: readonly Digest[], roots: Iterable<Root>): Digest[] => {
    const held = heldOf('content', roots);
    return found.filter((digest) => !held.has(digest));
  };
  const run = (starting: boolean) =>
    lock.run('collect', async () => {
      if (starting) leases.releaseAll();
      await Promise.all(freeSnapshots(options.roots(), starting).map((key) => snapshots.remove(key)));
      const found = await listed();
      const unfinished = leases.takeUnfinished();
      const free = (digest: Digest) => (unfinished.has(digest) ? content.setAside(digest) : content.delete(digest));
      await Promise.all(freeOf(found, options.roots()).map(free));
    });
  const unneeded = async (roots: Iterable<Root>) => {
    const inUse = [...roots];
    const found = await listed();
    return { snapshots: freeSnapshots(inUse), content: freeOf(found, inUse) };
  };

  return { leases, collect: () => run(false), recover: () => run(true), unneeded };
}

/** Keys of the snapshots that nothing holds, children before their parents. */
function leavesFirst(all: readonly SnapshotInfo[], isHeld: (snapshot: SnapshotInfo) => boolean): string[] {
  const byKey = new Map(all.map((snapshot) => [snapshot.key, snapshot]));
  const needed = new Set<string>();
  for (const snapshot of all) {
    if (!isHeld(snapshot)) continue;
    for (let at: SnapshotInfo | undefined = snapshot; at && !needed.has(at.key); ) {
      needed.add(at.key);
      at = at.parent === undefined ? undefined : byKey.get(at.parent);
    }
  }
  const depth = (snapshot: SnapshotInfo): number => {
    const parent = snapshot.parent === undefined ? undefined : byKey.get(snapshot.parent);
    return parent ? depth(parent) + 1 : 0;
  };
  return all
    .filter((snapshot) => !needed.has(snapshot.key))
    .sort((a, b) => depth(b) - depth(a))
    .map((snapshot) => snapshot.key);
}
