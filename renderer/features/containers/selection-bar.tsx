import i18next from 'i18next';
import { CircleX, Ellipsis, Pause, Play, RotateCw, Trash2, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Container } from '../../../electron/bridge/host.ts';
import { act, useBusy } from '../../host/container-actions.ts';
import { isActive } from '../../host/container-state.ts';
import { request } from '../../host/requests.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { Menu, type MenuEntry } from '../../ui/menu.tsx';
import { StopIcon } from '../../ui/stop-icon.tsx';
import type { ListSelection } from '../../ui/use-list-selection.ts';

export interface SelectionBarProps {
  selection: ListSelection;
  containers: Readonly<Record<string, Container>>;
  online: boolean;
}

/** What can be done to all that are ticked; floats over the end of the list. */
export function SelectionBar({ selection, containers, online }: SelectionBarProps) {
  const { t } = useTranslation();
  const busy = useBusy();
  const chosen = [...selection.selected].flatMap((id) => containers[id] ?? []);
  if (chosen.length === 0) return null;
  const active = chosen.filter(isActive);
  const idle = chosen.filter((container) => !isActive(container));
  const works = (action: string) => chosen.some((container) => busy[container.id] === action);
  return (
    <div
      role="toolbar"
      data-over-list
      aria-label={t('containers.selection.label')}
      className="enter-pop absolute bottom-5 left-1/2 z-(--z-panel) flex h-11 -translate-x-1/2 items-center gap-0.5 whitespace-nowrap rounded-3 bg-surface-2 pr-2 pl-4 shadow-dialog"
    >
      <span className="font-medium tabular-nums">{t('containers.selection.count', { count: chosen.length })}</span>
      <span className="mx-2 h-5 w-px bg-line-2" />
      <Button
        kind="quiet"
        icon={Play}
        disabled={!online || idle.length === 0}
        busy={works('start')}
        onClick={() => idle.forEach((container) => void act('start', container))}
      >
        {t('containers.start')}
      </Button>
      <Button
        kind="quiet"
        icon={StopIcon}
        disabled={!online || active.length === 0}
        busy={works('stop')}
        onClick={() => active.forEach((container) => void act('stop', container))}
      >
        {t('containers.stop')}
      </Button>
      <Button
        kind="quiet"
        icon={RotateCw}
        disabled={!online || active.length === 0}
        busy={works('restart')}
        onClick={() => active.forEach((container) => void act('restart', container))}
      >
        {t('containers.restart')}
      </Button>
      <Button
        kind="quiet"
        icon={Trash2}
        disabled={!online}
        busy={works('remove')}
        onClick={() => request({ kind: 'remove-containers', ids: chosen.map((container) => container.id) })}
      >
        {t('containers.remove')}
      </Button>
      <Menu entries={severalMenu(chosen, online)}>
        <IconButton icon={Ellipsis} label={t('app.more')} busy={works('pause') || works('unpause') || works('kill')} />
      </Menu>
      <span className="mx-2 h-5 w-px bg-line-2" />
      <IconButton icon={X} label={t('containers.selection.clear')} keyHint={t('keys.esc')} onClick={selection.clear} />
    </div>
  );
}

/** What is done to several more seldom. Each acts on those of the chosen it can be done to. */
function severalMenu(chosen: readonly Container[], online: boolean): MenuEntry[] {
  const { t } = i18next;
  const entry = (
    [action, label, icon]: readonly ['pause' | 'unpause' | 'kill', string, MenuEntry['icon']],
    able: (container: Container) => boolean,
  ): MenuEntry => {
    const those = chosen.filter(able);
    const onSelect = () => those.forEach((container) => void act(action, container));
    return { label, icon, disabled: !online || those.length === 0, onSelect };
  };
  return [
    entry(['pause', t('containers.pause'), Pause], ({ state }) => state === 'running'),
    entry(['unpause', t('containers.unpause'), Play], ({ state }) => state === 'paused'),
    entry(['kill', t('containers.kill'), CircleX], isActive),
  ];
}
