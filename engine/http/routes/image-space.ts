import type { ImageService } from '../../services/images/image-service.ts';
import type { SystemService } from '../../services/system/system-service.ts';
import type { BelugaDisk, BelugaPrunePreview } from '../extension-types.ts';
import { type Route, sendJson } from '../route.ts';
import { removedToWire } from '../wire/image.ts';
import { pruneImagesFromWire } from '../wire/prune-images.ts';

/** POST /images/prune, what it would do, and what is really allocated. */
export function imageSpaceRoutes({
  images,
  system,
}: {
  images: ImageService;
  system: SystemService;
}): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/images/prune',
      handler: async (x) => {
        const { removed, reclaimed } = await images.space.prune(pruneImagesFromWire(x.query));
        sendJson(x, 200, {
          ImagesDeleted: removed.length > 0 ? removedToWire(removed) : null,
          SpaceReclaimed: reclaimed,
        });
      },
    },
    {
      method: 'GET',
      path: '/beluga/images/prune',
      handler: async (x) => {
        const plan = await images.space.planPrune(pruneImagesFromWire(x.query));
        const going = plan.images.map(({ id, repoTags }) => ({ id, tags: repoTags }));
        sendJson(x, 200, { images: going, freed: plan.freed } satisfies BelugaPrunePreview);
      },
    },
    {
      method: 'GET',
      path: '/beluga/disk',
      handler: async (x) => sendJson(x, 200, (await system.disk()) satisfies BelugaDisk),
    },
  ];
}
