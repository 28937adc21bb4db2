import type { StoredImage } from './image-records.ts';

/** Docker's image events: the labels of the image, and `name`. */
export function imageEvent(action: string, image: StoredImage, name: string) {
  const { id, config } = image.details;
  return { type: 'image' as const, action, actor: { id, attributes: { ...config.labels, name } } };
}
