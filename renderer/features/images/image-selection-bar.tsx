import { Save, Trash2, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { nameOf } from '../../host/image-menu.ts';
import { request } from '../../host/requests.ts';
import { saveImages } from '../../host/save-store.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import type { ListSelection } from '../../ui/use-list-selection.ts';
import type { ImageRow } from './image-list.ts';
import { linesIn } from './image-table.tsx';

export interface ImageSelectionBarProps {
  rows: ReadonlyMap<string, ImageRow>;
  selection: ListSelection;
  online: boolean;
}

/** What can be done to all that are ticked; floats over the end of the list. */
export function ImageSelectionBar({ rows, selection, online }: ImageSelectionBarProps) {
  const { t } = useTranslation();
  const chosen = linesIn(rows, selection.selected).map(({ image, reference }) => ({ id: image.id, reference }));
  if (chosen.length === 0) return null;
  return (
    <div
      role="toolbar"
      data-over-list
      aria-label={t('images.selection.label')}
      className="enter-pop absolute bottom-5 left-1/2 z-(--z-panel) flex h-11 -translate-x-1/2 items-center gap-0.5 whitespace-nowrap rounded-3 bg-surface-2 pr-2 pl-4 shadow-dialog"
    >
      <span className="font-medium tabular-nums">{t('images.selection.count', { count: chosen.length })}</span>
      <span className="mx-2 h-5 w-px bg-line-2" />
      <Button kind="quiet" icon={Save} disabled={!online} onClick={() => saveImages(chosen.map(nameOf))}>
        {t('images.save')}
      </Button>
      <Button
        kind="quiet"
        icon={Trash2}
        disabled={!online}
        onClick={() => request({ kind: 'remove-images', images: chosen })}
      >
        {t('images.remove')}
      </Button>
      <span className="mx-2 h-5 w-px bg-line-2" />
      <IconButton icon={X} label={t('images.selection.clear')} keyHint={t('keys.esc')} onClick={selection.clear} />
    </div>
  );
}
