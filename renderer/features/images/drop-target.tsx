import { FolderInput } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { buildDropped } from '../../host/build-store.ts';
import { useOnline } from '../../host/engine-view.tsx';
import { navigate } from '../../ui/hash-route.ts';
import { loadFiles } from './load-store.ts';

const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;

/** An archive dropped anywhere on the window is loaded, a folder is built. While one hovers: a dashed inset and a pill. */
export function DropTarget() {
  const { t } = useTranslation();
  const online = useOnline();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const drag = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = online ? 'copy' : 'none';
      setOver(online);
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      if (!online || !event.dataTransfer) return;
      if (event.dataTransfer.items[0]?.webkitGetAsEntry()?.isDirectory) return void buildDropped();
      navigate('/images');
      loadFiles(event.dataTransfer.files);
    };
    window.addEventListener('dragover', drag);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', drag);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, [online]);
  if (!over) return null;
  return (
    <div className="pointer-events-none absolute inset-0 z-(--z-panel)">
      <div className="absolute inset-1 rounded-2 border-[1.5px] border-accent-mark border-dashed" />
      <div className="absolute bottom-5 left-1/2 flex h-9 -translate-x-1/2 items-center gap-2 whitespace-nowrap rounded-3 bg-surface-2 px-3 shadow-popover">
        <FolderInput size={16} className="text-fg-3" aria-hidden />
        {t('images.dropHere')}
      </div>
    </div>
  );
}
