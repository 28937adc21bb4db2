import { createHash } from 'node:crypto';
import type { Digest } from '../../base/digest.ts';
import { EngineError, unlessMissing } from '../../base/errors.ts';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { Lease } from '../../storage/collect/leases.ts';
import type { ContentStore } from '../../storage/content/content-store.ts';
import type { LayerUnpacker } from '../../storage/snapshots/layer-unpacker.ts';
import { removeUnfinished } from '../../storage/snapshots/remove-unfinished.ts';
import type { SnapshotInfo, Snapshotter } from '../../storage/snapshots/snapshotter.ts';

/** Name of the snapshot on top of at least one layer. */
export function topChainId(diffIds: readonly Digest[]): Digest {
  const top = chainIds(diffIds).at(-1);
  if (!top) throw new EngineError('internal', 'no layer has no name');
  return top;
}

/** Names of the layers' snapshots, bottom first (OCI image spec, config.md "Layer ChainID"). */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below ? `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}` : diffId);
  }
  return chain;
}

export interface LayerChain {
  /**
   * Makes the committed snapshots of an image's layers, or finds them: each is unpacked once, also when two loads want
   * it at the same time. Bottom first; the lease holds them all.
   */
  unpack(request: UnpackChain): Promise<readonly SnapshotInfo[]>;
  /** One layer whose diff id is not known before. */
  unpackFirst(blob: Digest, lease: Lease): Promise<SnapshotInfo>;
}

export interface UnpackChain {
  layers: readonly Digest[];
  diffIds: readonly Digest[];
  lease: Lease;
  signal: AbortSignal;
  onLayer?(diffId: Digest): void;
}

export function createLayerChain(dependencies: {
  content: ContentStore;
  snapshots: Snapshotter;
  unpacker: LayerUnpacker;
}): LayerChain {
  const { content, snapshots, unpacker } = dependencies;
  const lock = createKeyedLock();

  const find = (key: string) => unlessMissing(snapshots.stat(key));
  /** Unpacks into a snapshot of the lease's own and commits it. */
  const make = async (layer: {
    blob: Digest;
    diffId?: Digest;
    parent?: Digest;
    chainId(diffId: Digest): Digest;
    lease: Lease;
    signal?: AbortSignal;
  }): Promise<SnapshotInfo> => {
    const key = `unpack:${layer.lease.id}:${layer.blob}`;
    layer.lease.hold('snapshot', key);
    await snapshots.prepare(key, layer.parent);
    const target = await snapshots.target(key);
    try {
      const request = { file: content.path(layer.blob), target, ...(layer.diffId && { diffId: layer.diffId }) };
      const { diffId, bytes, inodes } = await unpacker.unpack(request, layer.signal);
      const name = layer.chainId(diffId);
      layer.lease.hold('snapshot', name);
      await snapshots.commit(name, key, { bytes, inodes });
      return await snapshots.stat(name);
    } catch (error) {
      await removeUnfinished(dependencies, key);
      throw error;
    }
  };

  return {
    async unpack({ layers, diffIds, lease, signal, onLayer }) {
      const chain = chainIds(diffIds);
      for (const key of chain) lease.hold('snapshot', key);
      const made: SnapshotInfo[] = [];
      for (const [position, name] of chain.entries()) {
        const blob = layers[position];
        const diffId = diffIds[position];
        if (!blob || !diffId) throw new EngineError('internal', 'an image has more diff ids than layers');
        signal.throwIfAborted();
        const parent = chain[position - 1];
        const layer = { blob, diffId, ...(parent && { parent }), chainId: () => name, lease, signal };
        made.push(await lock.run(name, async () => (await find(name)) ?? (await make(layer))));
        onLayer?.(diffId);
      }
      return made;
    },
    unpackFirst: (blob, lease) => make({ blob, chainId: (diffId) => diffId, lease }),
  };
}
