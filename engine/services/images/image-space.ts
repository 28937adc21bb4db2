import type { Digest } from '../../base/digest.ts';
import { layerSizes, removeAndFree } from './free-space.ts';
import type { ImageParts } from './image-parts.ts';
import { imageDetails, rootsOf, type StoredImage } from './image-records.ts';
import type { ImageSpace, PruneImages } from './image-service.ts';
import { chainIds } from './layer-chain.ts';
import { deleteImage } from './remove-image.ts';

/** What images take, and taking away those that nobody needs. */
export function createImageSpace(parts: ImageParts): ImageSpace {
  const { images, collector, snapshots, content, records, events } = parts;
  return {
    async layers() {
      const sizes = await layerSizes(parts);
      const chains = new Map(images.all().map(({ details }) => [details.id, chainIds(details.diffIds)]));
      const users = new Map<Digest, number>();
      for (const key of [...chains.values()].flat()) users.set(key, (users.get(key) ?? 0) + 1);
      const sum = (keys: Iterable<Digest>) => [...keys].reduce((total, key) => total + (sizes.get(key) ?? 0), 0);
      const sharedOf = (chain: readonly Digest[]) => sum(chain.filter((key) => (users.get(key) ?? 0) > 1));
      return { bytes: sum(users.keys()), shared: new Map([...chains].map(([id, chain]) => [id, sharedOf(chain)])) };
    },
    async planPrune(which) {
      const going = new Set(unused(parts, which).map(({ details }) => details.id));
      const all = images.all();
      const plan = await collector.unneeded(rootsOf(all.filter(({ details }) => !going.has(details.id))));
      const layers = await snapshots.allocated(plan.snapshots);
      const { blobs } = await content.allocated();
      const bytes = [...layers.values(), ...plan.content.map((digest) => blobs.get(digest) ?? 0)];
      return {
        images: all.filter(({ details }) => going.has(details.id)).map((image) => imageDetails(images, image)),
        freed: bytes.reduce((total, one) => total + one, 0),
      };
    },
    async prune(which) {
      const done = await removeAndFree(parts, () => unused(parts, which).map((image) => deleteImage(parts, image)));
      const attributes = { reclaimed: String(done.reclaimed) };
      records.transaction(() => events.record({ type: 'image', action: 'prune', actor: { id: '', attributes } }));
      return done;
    },
  };
}

/** Images that pass and that no container, also a stopped one, was made from. */
function unused({ images, users }: ImageParts, which: PruneImages): readonly StoredImage[] {
  return images.all().filter((image) => passes(image, which, images.referencesTo(image.details.id)) && isFree(image));
  function isFree({ details }: StoredImage): boolean {
    return users.usersOf(details.id).length === 0;
  }
}

type References = readonly { reference: { digest?: string } }[];

function passes({ details }: StoredImage, which: PruneImages, references: References): boolean {
  // one that has digests only is as good as nameless
  if (!which.tagged && references.some(({ reference }) => !reference.digest)) return false;
  if (which.createdUntil !== undefined) {
    const created = Date.parse(details.created ?? '');
    if (Number.isNaN(created) || created > which.createdUntil.getTime()) return false;
  }
  const { labels } = details.config;
  const has = ({ key, value }: { key: string; value?: string }) =>
    Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
  if (!(which.labels ?? []).every(has)) return false;
  const without = which.withoutLabels ?? [];
  return without.length === 0 || !without.every(has);
}
