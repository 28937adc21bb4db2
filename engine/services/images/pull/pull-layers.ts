import type { Digest } from '../../../base/digest.ts';
import { EngineError, unlessMissing } from '../../../base/errors.ts';
import type { Limit } from '../../../base/limit.ts';
import type { RepositorySources } from '../../../registry/mirrors/repository-sources.ts';
import type { SourceNote } from '../../../registry/mirrors/source.ts';
import type { Collector } from '../../../storage/collect/collector.ts';
import type { Lease } from '../../../storage/collect/leases.ts';
import type { ContentStore } from '../../../storage/content/content-store.ts';
import type { LayerIntakes } from '../../../storage/snapshots/layer-intake.ts';
import type { LayerUnpacker } from '../../../storage/snapshots/layer-unpacker.ts';
import { removeUnfinished } from '../../../storage/snapshots/remove-unfinished.ts';
import type { SnapshotInfo, Snapshotter } from '../../../storage/snapshots/snapshotter.ts';
import type { LayerProgress } from '../image-service.ts';
import { chainIds, type LayerChain } from '../layer-chain.ts';
import type { Descriptor } from '../manifest.ts';
import { createFlights, type Flight, type Flights, type Joiner } from './flights.ts';
import { type BlobPull, type PullLimits, pullBlob } from './pull-blob.ts';

export interface LayersRequest {
  layers: readonly Descriptor[];
  diffIds: readonly Digest[];
  sources: RepositorySources;
  signal: AbortSignal;
  lease: Lease;
  onProgress(layer: Descriptor, progress: LayerProgress): void;
  onNote(note: SourceNote): void;
}

/** Brings the layers of images: blobs into the store, and their snapshots. Two that need the same layer share the work. */
export interface LayerPuller {
  /** Resolves to the snapshots, bottom first, held by the lease with their blobs. */
  pull(request: LayersRequest): Promise<readonly SnapshotInfo[]>;
}

export interface LayerPullerParts {
  content: ContentStore;
  snapshots: Snapshotter;
  unpacker: LayerUnpacker;
  intakes: LayerIntakes;
  layers: LayerChain;
  collector: Collector;
  limits: PullLimits;
  /** Of blobs that are fetched at the same time. */
  limit: Limit;
}

interface LayerJob {
  layer: Descriptor;
  diffId: Digest;
  name: Digest;
  /** The layer below. */
  below: LayerJob | undefined;
  sources: RepositorySources;
}

/** What a flight tells: where the layer stands, and which endpoint did what. */
type LayerNews = LayerProgress | { note: SourceNote };

/** What belongs to one puller. */
interface Puller extends LayerPullerParts {
  flights: Flights<LayerNews>;
}

export function createLayerPuller(parts: LayerPullerParts): LayerPuller {
  const puller: Puller = { ...parts, flights: createFlights() };
  return {
    async pull({ layers, diffIds, sources, lease, onProgress, onNote, ...request }) {
      const names = chainIds(diffIds);
      for (const key of names) lease.hold('snapshot', key);
      for (const { digest } of layers) lease.hold('content', digest);
      // one that fails ends the others
      const failing = new AbortController();
      const signal = AbortSignal.any([request.signal, failing.signal]);
      const ended = await Promise.allSettled(
        jobsOf(layers, diffIds, sources).map(async (job) => {
          const tell = fromTheBegin((progress) => onProgress(job.layer, progress));
          try {
            await bring(puller, job, {
              signal,
              onProgress: (news) => ('note' in news ? onNote(news.note) : tell(news)),
            });
          } catch (error) {
            failing.abort(error);
            throw error;
          }
        }),
      );
      if (ended.some((one) => one.status === 'rejected')) throw failing.signal.reason;
      return Promise.all(names.map((name) => parts.snapshots.stat(name)));
    },
  };
}

/** Whoever joins late is told that it is waited for before it is told how far it is: clients draw a line from there on. */
function fromTheBegin(report: (progress: LayerProgress) => void): (progress: LayerProgress) => void {
  let hasBegun = false;
  return (progress) => {
    if (!hasBegun && progress.state !== 'waiting' && progress.state !== 'there') report({ state: 'waiting' });
    hasBegun = true;
    report(progress);
  };
}

function jobsOf(layers: readonly Descriptor[], diffIds: readonly Digest[], sources: RepositorySources): LayerJob[] {
  const names = chainIds(diffIds);
  const jobs: LayerJob[] = [];
  for (const [index, layer] of layers.entries()) {
    const [name, diffId] = [names[index], diffIds[index]];
    if (!name || !diffId) throw new EngineError('internal', 'a manifest has more layers than its config');
    jobs.push({ layer, diffId, name, below: jobs.at(-1), sources });
  }
  return jobs;
}

function bring(puller: Puller, job: LayerJob, joiner: Joiner<LayerNews>): Promise<void> {
  return puller.flights.join(`${job.name} ${job.layer.digest}`, (flight) => fly(puller, job, flight), joiner);
}

const jobsTo = (job: LayerJob): readonly LayerJob[] => [...(job.below ? jobsTo(job.below) : []), job];

const isThere = async (look: Promise<unknown>) => (await unlessMissing(look)) !== undefined;

/** One layer under a lease of its own: whoever joins holds it too before this one lets go. */
async function fly(puller: Puller, job: LayerJob, flight: Flight<LayerNews>): Promise<void> {
  const { content, snapshots, collector, layers } = puller;
  const lease = collector.leases.open();
  try {
    const chain = jobsTo(job);
    for (const { name, layer } of chain) {
      lease.hold('snapshot', name);
      lease.hold('content', layer.digest);
    }
    const hasSnapshot = await isThere(snapshots.stat(job.name));
    const hasBlob = await isThere(content.info(job.layer.digest));
    if (hasSnapshot && hasBlob) return flight.tell({ state: 'there' });
    flight.tell({ state: 'waiting' });
    const quiet = { signal: flight.signal, onProgress: () => {} };
    const below = job.below ? bring(puller, job.below, quiet) : Promise.resolve();
    below.catch(() => {});
    const isUnpacked = hasSnapshot || (!hasBlob && (await fetchLayer(puller, job, { flight, lease, below })));
    if (hasSnapshot) await fetchBlobOnly(puller, job, flight);
    await below;
    const digests = { layers: chain.map(({ layer }) => layer.digest), diffIds: chain.map(({ diffId }) => diffId) };
    if (!isUnpacked) await layers.unpack({ ...digests, lease, signal: flight.signal });
    flight.tell({ state: 'done' });
  } finally {
    lease.release();
  }
}

const blobPull = (puller: Puller, { layer, sources }: LayerJob, flight: Flight<LayerNews>): BlobPull => ({
  content: puller.content,
  intakes: puller.intakes,
  limits: puller.limits,
  digest: layer.digest,
  size: layer.size,
  sources,
  signal: flight.signal,
  onProgress: (progress) => flight.tell({ state: 'downloading', total: layer.size, ...progress }),
  note: (note) => flight.mention({ note }),
});

/** The layer as it was sent, of an image that came from an archive: for sending it on. */
async function fetchBlobOnly(puller: Puller, job: LayerJob, flight: Flight<LayerNews>): Promise<void> {
  const pulled = await puller.limit.run(() => pullBlob(blobPull(puller, job, flight)), flight.signal);
  flight.tell({ state: 'downloaded' });
  await pulled.file.commit(job.layer);
}

/** Resolves to whether it could be unpacked on the way. */
async function fetchLayer(
  puller: Puller,
  job: LayerJob,
  { flight, lease, below }: { flight: Flight<LayerNews>; lease: Lease; below: Promise<void> },
): Promise<boolean> {
  const { snapshots } = puller;
  const { layer, name, diffId } = job;
  const parent = job.below?.name;
  const key = `pull:${lease.id}:${layer.digest}`;
  const openTarget = async () => {
    await removeUnfinished(puller, key);
    lease.hold('snapshot', key);
    await snapshots.prepare(key);
    return { ...(await snapshots.target(key)), ...(parent && { lowers: 'unknown' as const }) };
  };
  try {
    const pull = { ...blobPull(puller, job, flight), ...(snapshots.apart && { openTarget }) };
    const pulled = await puller.limit.run(() => pullBlob(pull), flight.signal);
    flight.tell({ state: 'downloaded' });
    await pulled.file.commit(layer);
    if (!pulled.layer) return false;
    if (pulled.layer.diffId !== diffId) throw wrongLayer(diffId, pulled.layer.diffId);
    await below;
    flight.signal.throwIfAborted();
    const { bytes, inodes, hasRoot } = pulled.layer;
    await snapshots.commit(name, key, { bytes, inodes }, parent ? { parent, likeRoot: !hasRoot } : undefined);
    return true;
  } finally {
    await removeUnfinished(puller, key);
  }
}

function wrongLayer(expected: Digest, found: Digest): EngineError {
  return new EngineError('invalid', `digest mismatch: expected layer ${expected}, got ${found}: the image is damaged`, {
    reason: 'image.digest-mismatch',
    params: { expected, found },
  });
}
