import type { Transfer, TransferLayer, TransferNote } from '../../../electron/bridge/transfers.ts';

/** An endpoint as people name it: without the scheme; Docker Hub by the name that stands in references. */
export function endpointName(endpoint: string): string {
  const name = endpoint.replace(/^https?:\/\//, '').replace(/\/$/, '');
  return /^(registry-1|index|registry)\.docker\.io$/.test(name) ? 'docker.io' : name;
}

/** Who gave something, in the order in which they first did, with all their bytes. */
export function sourcesOf({ layers }: Transfer): { endpoint: string; bytes: number }[] {
  const sums = new Map<string, number>();
  for (const { servedBy } of layers)
    for (const { endpoint, bytes } of servedBy) sums.set(endpoint, (sums.get(endpoint) ?? 0) + bytes);
  return [...sums].map(([endpoint, bytes]) => ({ endpoint, bytes }));
}

/** Milliseconds until the bytes are there; undefined while nobody can say. */
export function timeLeft({ current, total, speed, state }: Transfer): number | undefined {
  if (state !== 'running' || speed <= 0 || total <= current) return undefined;
  return ((total - current) / speed) * 1000;
}

/** Between 0 and 1; undefined while the size is unknown. */
export function shareOf({ current, total, state, layers }: Transfer): number | undefined {
  if (total > 0) return Math.min(1, current / total);
  return state === 'done' || layers.some((layer) => layer.state === 'there') ? 1 : undefined;
}

export type LayerWord = 'there' | 'done' | 'waiting' | 'coming' | 'resumed' | 'unpacking';

/** What a layer does, its share between 0 and 1, and whether that is still progress. */
export function layerView(layer: TransferLayer): { word: LayerWord; share: number; moving: boolean } {
  const { state, size, current, kept, servedBy } = layer;
  const share = size > 0 ? Math.min(1, current / size) : 0;
  switch (state) {
    case 'there':
    case 'done':
      return { word: state, share: 1, moving: false };
    case 'waiting':
      return { word: 'waiting', share, moving: false };
    case 'downloading':
      return { word: kept > 0 || servedBy.length > 1 ? 'resumed' : 'coming', share, moving: true };
    case 'downloaded':
      return { word: 'unpacking', share: 1, moving: true };
  }
}

/** The last decision that somebody would ask about: why a layer comes from elsewhere than it began. */
export function lastRemark({ log }: Transfer): TransferNote | undefined {
  return log.findLast(({ event }) => event === 'slow' || event === 'failed' || event === 'hedged');
}

/** A decision, and how often it came in a row. */
export interface AskedLine {
  readonly note: TransferNote;
  readonly times: number;
}

/** Who was asked, in this order: the same answer to the same question is one line. */
export function askedLines(log: readonly TransferNote[]): AskedLine[] {
  const lines: AskedLine[] = [];
  for (const note of log) {
    const last = lines.at(-1);
    const keys = ['endpoint', 'event', 'what', 'status', 'reason', 'message'] as const;
    if (last && keys.every((key) => last.note[key] === note[key]))
      lines[lines.length - 1] = { note: last.note, times: last.times + 1 };
    else lines.push({ note, times: 1 });
  }
  return lines;
}
