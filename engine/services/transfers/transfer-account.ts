import { toEngineError } from '../../base/errors.ts';
import type { PullMessage } from '../images/image-service.ts';
import type { Transfer, TransferLayer, TransferRun } from './transfer-service.ts';

/** The books of one pull: what it has told so far. */
export interface TransferAccount {
  tell(message: PullMessage): void;
  setState(state: Transfer['state']): void;
  fail(error: unknown): void;
  view(): Transfer;
}

/** How a speed is taken: over the last bytes, so that a figure is neither nervous nor old. */
const speedWindow = 3000;
const longestLog = 500;

type Sample = readonly [at: number, bytes: number];
type Layer = Omit<TransferLayer, 'speed'> & { samples: Sample[] };

export function openTransferAccount(id: string, { reference, platform, owner }: TransferRun): TransferAccount {
  const layers = new Map<string, Layer>();
  let facts: Omit<Transfer, 'layers' | 'current' | 'total' | 'speed' | 'log'> = {
    id,
    reference,
    ...(platform && { platform }),
    owner,
    state: 'running',
    startedAt: Date.now(),
  };
  let log: Transfer['log'] = [];
  const end = (state: Transfer['state'], more: Partial<Transfer> = {}) => {
    facts = { ...facts, ...more, state, endedAt: Date.now() };
  };
  return {
    tell(message) {
      if ('note' in message) log = [...log.slice(1 - longestLog), { at: Date.now(), ...message.note }];
      else if ('plan' in message) {
        const { digest, tagFrom } = message.plan;
        facts = { ...facts, digest, ...(tagFrom && { tagFrom }) };
        layers.clear();
        for (const layer of message.plan.layers) layers.set(layer.digest, newLayer(layer));
      } else if ('pulled' in message) facts = { ...facts, imageId: message.pulled.imageId };
      else if ('layer' in message) {
        const layer = layers.get(message.layer);
        if (layer) layers.set(message.layer, moved(layer, message.progress));
      }
    },
    setState(state) {
      if (state !== 'running' && state !== 'paused') return end(state);
      facts = { ...facts, state };
      for (const layer of layers.values()) layer.samples = [];
    },
    fail(error) {
      const { message, reason, params } = toEngineError(error);
      end('failed', { error: { message, ...(reason && { reason }), params } });
    },
    view() {
      const all = [...layers.values()].map(({ samples, ...layer }) => ({ ...layer, speed: speedOf(samples) }));
      const coming = all.filter(({ state }) => state !== 'there');
      const sum = (of: (layer: TransferLayer) => number) => coming.reduce((total, layer) => total + of(layer), 0);
      return {
        ...facts,
        layers: all,
        current: sum(({ current }) => current),
        total: sum(({ size }) => size),
        speed: facts.state === 'running' ? sum(({ speed }) => speed) : 0,
        log,
      };
    },
  };
}

const newLayer = ({ digest, size }: { digest: string; size: number }): Layer => ({
  digest,
  size,
  current: 0,
  state: 'waiting',
  servedBy: [],
  kept: 0,
  samples: [],
});

function moved(layer: Layer, progress: Extract<PullMessage, { layer: unknown }>['progress']): Layer {
  const { state } = progress;
  if (state !== 'downloading') {
    const isWhole = state === 'downloaded' || state === 'done' || state === 'there';
    return { ...layer, state, current: isWhole ? layer.size : layer.current, samples: [] };
  }
  const { current, kept, servedBy } = progress;
  const now = Date.now();
  const samples = layer.samples.filter(([at]) => now - at < speedWindow);
  const last = samples.at(-1);
  if (!last || now - last[0] >= 100) samples.push([now, current]);
  return { ...layer, state, current, kept, servedBy, samples };
}

/** Bytes per second; of what has stood still for the whole window 0. */
function speedOf(samples: readonly Sample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || Date.now() - last[0] > speedWindow) return 0;
  const seconds = (Date.now() - first[0]) / 1000;
  return seconds < 0.2 ? 0 : Math.round((last[1] - first[1]) / seconds);
}
