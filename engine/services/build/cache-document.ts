import { type Digest, isDigest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import type { StepResult } from './build-cache.ts';
import type { BuiltLayer } from './node.ts';

/** Of the document, as BuildKit has it (moby/buildkit: cache/remotecache/v1). */
export const cacheMediaType = 'application/vnd.buildkit.cacheconfig.v0';
/** Where the config of an image has the same document, in base64. */
export const inlineField = 'moby.buildkit.cache.v0';

/** A step that was made elsewhere: what it has made is not here yet. */
export type RemoteStep = Omit<StepResult, 'top'>;

interface LayerJson {
  blob: Digest;
  /** Number of the layer below; -1: there is none. */
  parent: number;
  annotations: { mediaType: string; diffID: Digest; size: number; created?: string };
}

interface RecordJson {
  digest: string;
  layers: { layer: number }[] | null;
  /** Ours: BuildKit has chains of links here, by keys of its own that no other builder can find. */
  beluga?: { words: string; parent?: string };
}

/** Writes steps and their layers down in BuildKit's form; a layer that several have is there once. */
export function writeCacheDocument(steps: ReadonlyMap<string, RemoteStep>): { text: string; layers: BuiltLayer[] } {
  const layers: LayerJson[] = [];
  const all: BuiltLayer[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (chain: readonly BuiltLayer[]): number => {
    const top = chain.at(-1);
    if (!top) return -1;
    const name = chain.map(({ digest }) => digest).join(' ');
    const known = numbers.get(name);
    if (known !== undefined) return known;
    const parent = numberOf(chain.slice(0, -1));
    const { digest: blob, mediaType, diffId: diffID, size, created } = top;
    layers.push({ blob, parent, annotations: { mediaType, diffID, size, ...(created !== undefined && { created }) } });
    if (!all.some(({ digest }) => digest === blob)) all.push(top);
    numbers.set(name, layers.length - 1);
    return layers.length - 1;
  };
  const records = [...steps].map(
    ([key, { words, parent, layers: chain }]): RecordJson => ({
      digest: `sha256:${key}`,
      layers: [{ layer: numberOf(chain) }],
      beluga: { words, ...(parent !== undefined && { parent }) },
    }),
  );
  return { text: JSON.stringify({ layers, records }), layers: all };
}

/**
 * Reads what `writeCacheDocument` has written; of another builder's document nothing, for its keys mean nothing here.
 * @throws EngineError `invalid` for what is no such document
 */
export function readCacheDocument(text: string): Map<string, RemoteStep> {
  const wrong = (cause?: unknown) => new EngineError('invalid', 'it is no build cache', { cause });
  try {
    const { layers, records } = JSON.parse(text) as { layers: LayerJson[] | null; records: RecordJson[] | null };
    const own = (records ?? []).filter(({ beluga }) => typeof beluga?.words === 'string');
    const chains = own.length === 0 ? [] : chainsOf(layers ?? []);
    return new Map(
      own.flatMap(({ digest, layers: tops, beluga }): [string, RemoteStep][] => {
        const chain = chains[tops?.[0]?.layer ?? -1];
        const [, key] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
        if (!beluga || !chain || key === undefined) return [];
        const { words, parent } = beluga;
        return [[key, { words, layers: chain, ...(typeof parent === 'string' && { parent }) }]];
      }),
    );
  } catch (error) {
    throw wrong(error);
  }
}

function chainsOf(layers: readonly LayerJson[]): BuiltLayer[][] {
  const chains: BuiltLayer[][] = [];
  for (const { blob, parent, annotations } of layers) {
    const { mediaType, diffID, size, created } = annotations;
    if (!isDigest(blob) || !isDigest(diffID) || !Number.isSafeInteger(size) || parent >= chains.length)
      throw new Error('a layer is wrong');
    const layer = { mediaType: String(mediaType), digest: blob, size, diffId: diffID };
    chains.push([...(chains[parent] ?? []), { ...layer, ...(typeof created === 'string' && { created }) }]);
  }
  return chains;
}
