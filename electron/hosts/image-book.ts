import type { ImageInspect } from '@docker/node-sdk';
import type { ImageCalls, ListedImage } from '../../engine/compose/docker-host.ts';
import { toHostError } from './host-error.ts';
import type { KnownImage } from './host-state.ts';

/** What an image's id stands for, so that it is asked for once. */
export interface ImageEntry {
  readonly platform: string;
  /** Diff ids, bottom first. */
  readonly layers: readonly string[];
}

/** What was found of images when they were looked at; an id never means anything else. */
export interface ImageBook {
  /** The list with what is known. */
  known(images: readonly ListedImage[]): KnownImage[];
  /** Those of the list that were never looked at. */
  missing(images: readonly ListedImage[]): string[];
  /** Undefined when the image is gone, or cannot be looked at. */
  look(images: ImageCalls, id: string): Promise<ImageEntry | undefined>;
}

/** `linux/arm/v7`, as registries write it. */
export function platformOf({ Os: os = '', Architecture: architecture = '', Variant: variant }: ImageInspect): string {
  return [os, architecture, variant].filter(Boolean).join('/');
}

/** Makes an empty one. */
export function createImageBook(): ImageBook {
  const entries = new Map<string, ImageEntry>();
  return {
    known: (images) =>
      images.map((image) => {
        const platform = entries.get(image.Id)?.platform;
        return { ...image, ...(platform && { platform }) };
      }),
    missing: (images) => images.map(({ Id: id }) => id).filter((id) => !entries.has(id)),
    async look(images, id) {
      const known = entries.get(id);
      if (known) return known;
      try {
        const inspected = await images.inspect(id);
        const entry = { platform: platformOf(inspected), layers: inspected.RootFS?.Layers ?? [] };
        entries.set(id, entry);
        return entry;
      } catch (error) {
        const { code } = toHostError(error);
        if (code === 'unavailable' || code === 'cancelled') throw error;
        return undefined;
      }
    },
  };
}
