import { Play } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Container, Image } from '../../../electron/bridge/host.ts';
import { logsPath } from '../../host/container-menu.ts';
import { stateView, toneClasses } from '../../host/container-state.ts';
import { useKnownTime, useOnline } from '../../host/engine-view.tsx';
import { useHost } from '../../host/host-store.ts';
import { runImage } from '../../host/image-menu.ts';
import { Button } from '../../ui/button.tsx';
import { PageMessage } from '../../ui/page-states.tsx';
import { StatusGlyph } from '../../ui/status-glyph.tsx';

/** Containers made from the image, by name. */
export function useUsers(id: string): Container[] {
  const containers = useHost((state) => state.containers);
  return Object.values(containers)
    .filter(({ imageId }) => imageId === id)
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

export function UsersView({ image }: { image: Image }) {
  const { t } = useTranslation();
  const online = useOnline();
  const now = useKnownTime();
  const users = useUsers(image.id);
  if (users.length === 0) {
    return (
      <PageMessage
        title={t('image.noUsers')}
        text={t('image.noUsersText')}
        actions={
          <Button
            icon={Play}
            disabled={!online}
            onClick={() => runImage({ id: image.id, reference: image.references[0] })}
          >
            {t('containers.run')}
          </Button>
        }
      />
    );
  }
  return (
    <ul aria-label={t('image.users')} className="min-h-0 flex-1 overflow-y-auto px-2 py-2">
      {users.map((container) => {
        const state = stateView(container, now);
        return (
          <li key={container.id}>
            <a
              href={`#${logsPath(container.id)}`}
              className="grid h-9 grid-cols-[16px_minmax(0,1fr)_minmax(0,1fr)_auto] items-center gap-x-3 rounded-2 px-2 hover:bg-fill-hover"
            >
              <StatusGlyph shape={state.shape} />
              <span className="overflow-hidden text-ellipsis whitespace-nowrap">{container.name}</span>
              <span className="overflow-hidden text-ellipsis whitespace-nowrap text-small text-fg-3">
                {container.image}
              </span>
              <span className={`text-small ${state.tone ? toneClasses[state.tone] : 'text-fg-3'}`}>{state.text}</span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}
