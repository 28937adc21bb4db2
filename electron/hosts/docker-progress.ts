import type { ProgressLine } from '../../engine/compose/docker-host.ts';
import type { Transfer, TransferLayer } from '../bridge/transfers.ts';

/** Milliseconds over which a speed is measured. */
const WINDOW = 3000;

/** Docker's words for a layer, by how they begin. */
const states: readonly (readonly [string, TransferLayer['state']])[] = [
  ['Pulling fs layer', 'waiting'],
  ['Preparing', 'waiting'],
  ['Waiting', 'waiting'],
  ['Downloading', 'downloading'],
  ['Pushing', 'downloading'],
  ['Verifying Checksum', 'downloaded'],
  ['Download complete', 'downloaded'],
  ['Extracting', 'downloaded'],
  ['Pull complete', 'done'],
  ['Pushed', 'done'],
  ['Already exists', 'there'],
  ['Layer already exists', 'there'],
  ['Mounted from', 'there'],
];
const stateOf = (status: string) => states.find(([word]) => status.startsWith(word))?.[1];

/** What Docker's progress lines of one pull or push come to. */
export interface DockerProgress {
  add(line: ProgressLine): void;
  layers(): TransferLayer[];
  /** Bytes a second, of the last seconds. */
  speed(): number;
  /** Of the index or manifest, once it was told. */
  readonly digest: string | undefined;
}

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/** @param now milliseconds since the epoch */
export function createDockerProgress(now: () => number = Date.now): DockerProgress {
  const layers = new Map<string, TransferLayer>();
  const samples = new Map<string, Sample[]>();
  let digest: string | undefined;

  const put = (id: string, status: string, detail: ProgressLine['progressDetail']) => {
    const state = stateOf(status);
    if (!state) return;
    const before = layers.get(id);
    const total = detail?.total ?? 0;
    const moving = state === 'downloading';
    const size = moving && total > 0 ? total : (before?.size ?? 0);
    const current = moving ? Math.min(detail?.current ?? 0, size) : state === 'waiting' ? 0 : size;
    layers.set(id, { digest: id, size, current, state, speed: 0, servedBy: [], kept: 0 });
    const own = samples.get(id) ?? [];
    samples.set(id, [...own.filter(({ at }) => at > now() - WINDOW), { at: now(), bytes: current }]);
  };
  const speedOf = (id: string): number => {
    const own = (samples.get(id) ?? []).filter(({ at }) => at > now() - WINDOW);
    const [first] = own;
    const last = own.at(-1);
    if (!first || !last || last.at === first.at) return 0;
    return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.at - first.at));
  };
  const speedWhileComing = (layer: TransferLayer) => (layer.state === 'downloading' ? speedOf(layer.digest) : 0);

  return {
    add({ status = '', id, progressDetail }) {
      digest = /(?:^|: )[Dd]igest: (sha256:[0-9a-f]{64})/.exec(status)?.[1] ?? digest;
      if (id) put(id, status, progressDetail);
    },
    layers: () => [...layers.values()].map((layer) => ({ ...layer, speed: Math.round(speedWhileComing(layer)) })),
    speed: () => Math.round([...layers.values()].reduce((sum, layer) => sum + speedWhileComing(layer), 0)),
    get digest() {
      return digest;
    },
  };
}

/** Bytes that have come or gone, and all that have to, of layers that are not there already. */
export function bytesOf(layers: readonly TransferLayer[]): Pick<Transfer, 'current' | 'total'> {
  const moving = layers.filter(({ state }) => state !== 'there');
  const sum = (field: 'current' | 'size') => moving.reduce((all, layer) => all + layer[field], 0);
  return { current: sum('current'), total: sum('size') };
}
