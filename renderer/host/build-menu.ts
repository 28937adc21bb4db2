import i18next from 'i18next';
import { Hammer, Layers, RotateCw, SquareStop, Trash2 } from 'lucide-react';
import type { Build } from '../../electron/bridge/builds.ts';
import type { MenuEntry } from '../ui/menu.tsx';
import { buildAgain, cancelBuild, openBuild, removeBuilds } from './build-store.ts';
import { openImage } from './image-menu.ts';

/** Everything that can be done to a build. */
export function buildMenu(build: Build, online: boolean): MenuEntry[] {
  const { t } = i18next;
  const { id, state, imageId } = build;
  const disabled = !online;
  return [
    { label: t('builds.show'), icon: Hammer, onSelect: () => openBuild(id) },
    ...(imageId === undefined
      ? []
      : [{ label: t('builds.openImage'), icon: Layers, onSelect: () => openImage(imageId) }]),
    { label: t('builds.again'), icon: RotateCw, disabled, onSelect: () => void buildAgain(build) },
    state === 'running'
      ? { label: t('builds.stop'), icon: SquareStop, disabled, apart: true, onSelect: () => void cancelBuild(id) }
      : {
          label: t('builds.forget'),
          icon: Trash2,
          keyHint: t('keys.del'),
          danger: true,
          apart: true,
          disabled,
          onSelect: () => void removeBuilds([id]),
        },
  ];
}
