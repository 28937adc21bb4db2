import type { DockerHost } from '../../engine/compose/docker-host.ts';
import type { Handlers } from '../bridge/handlers.ts';
import type { imageMethods, LoadProgress } from '../bridge/images.ts';
import type { HostState } from '../hosts/host-state.ts';
import type { ImageBook } from '../hosts/image-book.ts';
import { imageDetail } from './image-detail.ts';
import { filtersOf, prunePreview } from './prune-images.ts';
import { saveImages } from './save-image.ts';

export interface ImageSources {
  readonly host: DockerHost;
  readonly state: Pick<HostState, 'images'>;
  readonly images: ImageBook;
  /** Asks where to save; undefined when no file was chosen. */
  readonly chooseNewFile: (name: string) => Promise<string | undefined>;
}

/** `Loaded image: name:tag`, and `Loaded image ID: sha256:…` for one without a name. */
export function toLoadProgress(text: string): LoadProgress {
  const reference = /^Loaded image(?: ID)?: (\S+)$/.exec(text)?.[1];
  return reference === undefined ? { text } : { text, reference };
}

/** What the renderer may do with images. */
export function imageHandlers(sources: ImageSources): Pick<Handlers, keyof typeof imageMethods> {
  const { host, state, images: book, chooseNewFile } = sources;
  const { images } = host;
  const imageIds = () => state.images().map(({ id }) => id);
  return {
    'images.remove': ({ id, force }) => images.remove(id, { force: force ?? false }),
    'images.tag': ({ id, reference }) => images.tag(id, reference),
    'images.detail': ({ id }) => imageDetail({ host, images: book, imageIds }, id),
    'images.load': async function* (_, input, signal) {
      for await (const text of images.load(input, signal)) yield toLoadProgress(text);
    },
    'images.save': ({ references }, signal) => saveImages({ images, chooseNewFile }, references, signal),
    'images.prunePreview': (arg) => prunePreview(host, state.images(), arg),
    'images.prune': async (arg) => {
      const { deleted, freed } = await images.prune(filtersOf(arg));
      return { deleted: deleted.filter((id) => imageIds().includes(id)).length || deleted.length, freed };
    },
  };
}
