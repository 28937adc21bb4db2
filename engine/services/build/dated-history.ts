import type { HistoryJson } from '../images/image-service.ts';
import type { BuiltLayer } from './node.ts';

/**
 * Gives every entry of a history its date, and with it the image: those with a layer have that of the layer, the others that of
 * the entry before, or of the first new one after. So an image is the same as long as its layers are. Pure.
 * @returns `created` undefined where nothing has a date
 */
export function datedHistory(
  history: readonly HistoryJson[],
  layers: readonly BuiltLayer[],
): { history: HistoryJson[]; created?: string } {
  // from the end: a base image may say less of its history than it has layers
  let layer = layers.length;
  const withLayers = history
    .toReversed()
    .map((entry) => {
      if (entry.empty_layer) return entry;
      layer -= 1;
      const created = entry.created ?? layers[layer]?.created;
      return { ...entry, ...(created !== undefined && { created }) };
    })
    .reverse();
  const firstOwn = withLayers.find((entry, index) => history[index]?.created === undefined && entry.created)?.created;
  let before: string | undefined;
  const dated = withLayers.map((entry) => {
    const created = entry.created ?? firstOwnBefore(before, firstOwn);
    before = created ?? before;
    return { ...(created !== undefined && { created }), ...entry };
  });
  const created = dated.findLast((entry) => entry.created !== undefined)?.created;
  return { history: dated, ...(created !== undefined && { created }) };
}

/** A word that stands between the base and the first new layer came with the new ones. */
const firstOwnBefore = (before: string | undefined, firstOwn: string | undefined) =>
  firstOwn !== undefined && (before === undefined || Date.parse(before) < Date.parse(firstOwn)) ? firstOwn : before;
