import { isNativeError } from 'node:util/types';
import type { Lease } from '../../storage/collect/leases.ts';
import type { BuildImages, MadeImage, RemoteLayers } from '../images/image-service.ts';
import type { RegistryLogin } from '../registries/registry-service.ts';
import type { StepResult } from './build-cache.ts';
import type { BuildMessage, CachePlace, CacheTarget } from './build-service.ts';
import {
  cacheMediaType,
  inlineField,
  type RemoteStep,
  readCacheDocument,
  writeCacheDocument,
} from './cache-document.ts';
import type { BuiltLayer } from './node.ts';

export interface RemoteCacheParts {
  images: Pick<BuildImages, 'remote' | 'remoteIn'>;
  loginFor(reference: string): Promise<RegistryLogin | undefined>;
  chainIdOf(diffIds: readonly BuiltLayer['diffId'][]): string;
  lease: Lease;
  signal: AbortSignal;
  report(message: BuildMessage): void;
}

/** Steps that were made elsewhere. */
export interface RemoteCache {
  /** Brings what a step has made, if one of the registries has it. */
  find(key: string): Promise<StepResult | undefined>;
}

interface Found {
  step: RemoteStep;
  from: RemoteLayers;
  reference: string;
}

const told = (error: unknown) => (isNativeError(error) ? error.message : String(error));

const nameOf = (place: CachePlace) => ('reference' in place ? place.reference : place.name);

async function layersAt({ images, loginFor, signal }: RemoteCacheParts, place: CachePlace): Promise<RemoteLayers> {
  if ('reference' in place) return images.remote(place.reference, await loginFor(place.reference), signal);
  return images.remoteIn(place.blobs, place.manifest, signal);
}

/** Reads what is there; what cannot be read is a warning, and the build goes on without. */
export async function openRemoteCache(parts: RemoteCacheParts, places: readonly CachePlace[]): Promise<RemoteCache> {
  const { lease, signal, report, chainIdOf } = parts;
  const known = new Map<string, Found>();
  for (const place of places) {
    const reference = nameOf(place);
    const words = `importing cache manifest from ${reference}`;
    report({ aside: { words, isDone: false } });
    for (const [key, found] of await readFrom(parts, place, words)) if (!known.has(key)) known.set(key, found);
    report({ aside: { words, isDone: true } });
  }
  return {
    async find(key) {
      const found = known.get(key);
      if (!found) return undefined;
      const { step, from, reference } = found;
      try {
        await from.bring(step.layers, lease);
        return { ...step, top: chainIdOf(step.layers.map(({ diffId }) => diffId)) };
      } catch (error) {
        signal.throwIfAborted();
        known.delete(key);
        report({ warning: `a step of the cache in ${reference} could not be brought: ${told(error)}` });
        return undefined;
      }
    },
  };
}

async function readFrom(parts: RemoteCacheParts, place: CachePlace, aside: string): Promise<Map<string, Found>> {
  const { signal, report } = parts;
  const reference = nameOf(place);
  try {
    const from = await layersAt(parts, place);
    const { mediaType, document } = await from.read();
    const text = Buffer.from(document).toString('utf8');
    const steps = readCacheDocument(mediaType === cacheMediaType ? text : inlineIn(text));
    if (steps.size === 0)
      report({
        warning: `the cache in ${reference} has no step that Beluga could find: it was made by another builder`,
        aside,
      });
    return new Map([...steps].map(([key, step]) => [key, { step, from, reference }]));
  } catch (error) {
    signal.throwIfAborted();
    report({ warning: `the cache in ${reference} was not read: ${told(error)}`, aside });
    return new Map();
  }
}

function inlineIn(config: string): string {
  const { [inlineField]: inline } = JSON.parse(config) as Record<string, unknown>;
  if (typeof inline !== 'string')
    throw new Error('the image has no build cache in it: build it with --cache-to type=inline');
  return Buffer.from(inline, 'base64').toString('utf8');
}

/** What the config of an image has of its own steps. */
export const inlineCache = (steps: ReadonlyMap<string, RemoteStep>): Record<string, string> => ({
  [inlineField]: Buffer.from(writeCacheDocument(steps).text).toString('base64'),
});

/** Puts steps with their layers there. @returns the manifest @throws RegistryFailure unless the target's errors are to be ignored */
export async function writeRemoteCache(
  parts: RemoteCacheParts,
  { place, ignoresErrors }: CacheTarget,
  steps: ReadonlyMap<string, RemoteStep>,
): Promise<MadeImage['manifest'] | undefined> {
  const { lease, signal, report } = parts;
  const words = `exporting cache to ${'reference' in place ? 'registry' : 'client directory'} ${nameOf(place)}`;
  report({ aside: { words, isDone: false } });
  try {
    const { text, layers } = writeCacheDocument(steps);
    const to = await layersAt(parts, place);
    return await to.write({ mediaType: cacheMediaType, document: Buffer.from(text), layers }, lease);
  } catch (error) {
    signal.throwIfAborted();
    if (!ignoresErrors) throw error;
    report({ warning: `the cache was not written to ${nameOf(place)}: ${told(error)}`, aside: words });
    return undefined;
  } finally {
    report({ aside: { words, isDone: true } });
  }
}
