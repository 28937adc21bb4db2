import i18next from 'i18next';
import { ArrowDownToLine, Copy, Play, Save, Tag, Trash2, Upload } from 'lucide-react';
import { navigate } from '../ui/hash-route.ts';
import type { MenuEntry } from '../ui/menu.tsx';
import { noticeDone } from './notices.ts';
import { type ImageName, request } from './requests.ts';
import { saveImages } from './save-store.ts';

/** By a name where there is one, for people read it in the address of a dialog. */
export const nameOf = ({ id, reference }: ImageName): string => reference ?? id;

export function imagePath(id: string, part = 'layers'): string {
  return `/images/${id.replace(/^sha256:/, '')}/${part}`;
}

export const openImage = (id: string) => navigate(imagePath(id));
export const runImage = (image: ImageName) => request({ kind: 'run', image: nameOf(image) });

const copy = (text: string) => void navigator.clipboard.writeText(text).then(() => noticeDone(i18next.t('app.copied')));

/** Everything that can be done to an image, for its menu. */
export function imageMenu(image: ImageName, online: boolean): MenuEntry[] {
  const { t } = i18next;
  const { id, reference } = image;
  const name = nameOf(image);
  const disabled = !online;
  return [
    { label: t('containers.run'), icon: Play, disabled, onSelect: () => runImage(image) },
    {
      label: t('images.push'),
      icon: Upload,
      disabled,
      onSelect: () => request({ kind: 'push-image', image: name }),
    },
    ...(reference
      ? [
          {
            label: t('images.pullAgain'),
            icon: ArrowDownToLine,
            disabled,
            onSelect: () => request({ kind: 'pull', image: reference }),
          },
        ]
      : []),
    {
      label: t('images.tag'),
      icon: Tag,
      disabled,
      apart: true,
      onSelect: () => request({ kind: 'tag-image', image: name }),
    },
    { label: t('images.save'), icon: Save, disabled, onSelect: () => saveImages([name]) },
    ...(reference ? [{ label: t('images.copyName'), icon: Copy, onSelect: () => copy(reference) }] : []),
    { label: t('images.copyId'), icon: Copy, onSelect: () => copy(id) },
    {
      label: t('images.remove'),
      icon: Trash2,
      keyHint: t('keys.del'),
      danger: true,
      apart: true,
      disabled,
      onSelect: () => request({ kind: 'remove-images', images: [image] }),
    },
  ];
}
