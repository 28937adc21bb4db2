import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { act } from '../../host/container-actions.ts';
import { isActive } from '../../host/container-state.ts';
import { useHost } from '../../host/host-store.ts';
import { Button } from '../../ui/button.tsx';
import { Question } from '../../ui/dialog.tsx';

/** Removing cannot be undone: names what is lost. */
export function RemoveQuestion({ ids, onClose }: { ids: readonly string[]; onClose: () => void }) {
  const { t } = useTranslation();
  const known = useHost((state) => state.containers);
  const safe = useRef<HTMLButtonElement>(null);
  const chosen = ids.flatMap((id) => known[id] ?? []);
  const first = chosen[0];
  const running = chosen.filter(isActive).length;
  const title =
    chosen.length === 1 && first
      ? t('containers.removing.one', { name: first.name })
      : t('containers.removing.several', { count: chosen.length });
  const remove = () => {
    onClose();
    for (const container of chosen) void act('remove', container);
  };
  return (
    <Question
      open
      onClose={onClose}
      title={title}
      focus={safe}
      buttons={
        <>
          <Button ref={safe} onClick={onClose}>
            {t('containers.removing.keep')}
          </Button>
          <Button kind="danger" disabled={chosen.length === 0} onClick={remove}>
            {t('containers.remove')}
          </Button>
        </>
      }
    >
      {chosen.length > 1 && <p className="mb-2">{chosen.map((container) => container.name).join(', ')}</p>}
      {running > 0 && (
        <p>
          {chosen.length === 1
            ? t('containers.removing.stopsOne')
            : t('containers.removing.stopsSeveral', { count: running })}
        </p>
      )}
      <p>{t('containers.removing.lost')}</p>
    </Question>
  );
}
