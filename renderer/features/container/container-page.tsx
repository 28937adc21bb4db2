import {
  ArrowLeft,
  ChevronRight,
  Clock,
  Ellipsis,
  Globe,
  HeartPulse,
  Layers,
  Play,
  RotateCw,
  Terminal,
} from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Container } from '../../../electron/bridge/host.ts';
import { act, startOrStop, useBusy } from '../../host/container-actions.ts';
import { containerMenu, logsPath, terminalPath } from '../../host/container-menu.ts';
import { firstPort, portViews } from '../../host/container-ports.ts';
import { healthTexts, isActive, stateView, toneClasses } from '../../host/container-state.ts';
import { EngineBanner, EngineInsteadOfList, useKnownTime, useOnline } from '../../host/engine-view.tsx';
import { ageText, momentText, shortId, splitReference } from '../../host/figures.ts';
import { useHost } from '../../host/host-store.ts';
import { PortLinks } from '../../host/port-links.tsx';
import { request } from '../../host/requests.ts';
import { useStatsWatch } from '../../host/stats-store.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { cx } from '../../ui/class-names.ts';
import { navigate } from '../../ui/hash-route.ts';
import { Menu } from '../../ui/menu.tsx';
import { MiddleCut } from '../../ui/middle-cut.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { PageMessage } from '../../ui/page-states.tsx';
import { StatusGlyph } from '../../ui/status-glyph.tsx';
import { StopIcon } from '../../ui/stop-icon.tsx';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { type ContainerPart, PartTabs } from './part-tabs.tsx';

const back = () => navigate('/containers');

export interface ContainerPageProps {
  id: string;
  /** In the order of their tabs. */
  parts: readonly ContainerPart[];
  /** Path of the part that is shown; an unknown one shows the first. */
  part: string | undefined;
}

/** One container: what it is, what can be done to it, and one of its parts. */
export function ContainerPage({ id, parts, part }: ContainerPageProps) {
  const { t } = useTranslation();
  const container = useHost((state) => state.containers[id]);
  const listed = useHost((state) => state.listed);
  const online = useOnline();
  const able = online ? container : undefined;
  const shown = parts.find(({ path }) => path === part) ?? parts[0];
  useShortcuts({
    Escape: back,
    o: able && firstPort(able),
    l: () => navigate(logsPath(id)),
    t: () => navigate(terminalPath(id)),
    s: able && (() => void startOrStop(able)),
    r: able && (() => void act('restart', able)),
    Delete: able && (() => request({ kind: 'remove-containers', ids: [able.id] })),
  });
  useLeaveWhenRemovedHere(id, container === undefined);
  // whichever part is shown: who turns to the charts finds no gap
  useStatsWatch(id, container !== undefined && isActive(container));
  if (!container) {
    return (
      <>
        <PageHeader title={<BackCrumb />} />
        <EngineBanner shows="page" />
        {listed ? (
          <PageMessage
            title={t('logs.gone')}
            text={t('logs.goneText')}
            actions={<Button onClick={back}>{t('logs.toContainers')}</Button>}
          />
        ) : (
          <EngineInsteadOfList />
        )}
      </>
    );
  }
  return (
    <>
      <ContainerHeader container={container} online={online} />
      <Facts container={container} stale={!online} />
      <PartTabs container={container} parts={parts} shown={shown} />
      {!online && <div className="h-2 flex-none" />}
      <EngineBanner shows="page" />
      {shown && <shown.View container={container} />}
    </>
  );
}

/** Whoever removes a container here wants the list; what another program removes is said in its place. */
function useLeaveWhenRemovedHere(id: string, gone: boolean) {
  const removing = useBusy((state) => state[id] === 'remove');
  const here = useRef(false);
  useEffect(() => {
    if (gone && here.current) back();
    here.current = removing;
  }, [removing, gone]);
}

function BackCrumb() {
  const { t } = useTranslation();
  return (
    <span className="-ml-1 flex items-center gap-1 font-normal text-body tracking-(--tracking-body) text-fg-3">
      <IconButton icon={ArrowLeft} label={t('logs.back')} keyHint={t('keys.esc')} onClick={back} />
      <a href="#/containers" className="no-drag rounded-1 hover:text-fg-1">
        {t('app.containers')}
      </a>
      <ChevronRight size={16} className="text-fg-4" aria-hidden />
    </span>
  );
}

function ContainerHeader({ container, online }: { container: Container; online: boolean }) {
  const { t } = useTranslation();
  const busy = useBusy((state) => state[container.id]);
  const active = isActive(container);
  const state = stateView(container, 0);
  return (
    <PageHeader
      title={
        <>
          <BackCrumb />
          <span className={online ? undefined : 'stale'}>
            <StatusGlyph shape={state.shape} label={state.label} />
          </span>
          <span className="overflow-hidden text-ellipsis" title={container.name}>
            {container.name}
          </span>
        </>
      }
    >
      <Button
        icon={active ? StopIcon : Play}
        disabled={!online}
        busy={busy === 'start' || busy === 'stop'}
        onClick={() => void startOrStop(container)}
      >
        {t(active ? 'containers.stop' : 'containers.start')}
      </Button>
      <Button
        icon={RotateCw}
        disabled={!online}
        busy={busy === 'restart'}
        onClick={() => void act('restart', container)}
      >
        {t('containers.restart')}
      </Button>
      <Menu entries={containerMenu(container, { logs: false, offline: !online })}>
        <IconButton icon={Ellipsis} label={t('app.more')} busy={busy === 'kill' || busy === 'remove'} />
      </Menu>
    </PageHeader>
  );
}

function Facts({ container, stale }: { container: Container; stale: boolean }) {
  const { t } = useTranslation();
  const now = useKnownTime();
  const state = stateView(container, now);
  const running = container.state === 'running' && container.startedAt;
  return (
    <div
      className={cx(
        'flex h-7 flex-none items-center gap-4 overflow-hidden whitespace-nowrap px-4 pb-2 text-small text-fg-3',
        stale && 'stale',
      )}
    >
      <span className="selectable flex max-w-2/5 flex-none items-center gap-1.5">
        <Layers size={16} className="flex-none text-fg-4" aria-hidden />
        <MiddleCut text={container.image} tail={splitReference(container.image).tag} />
      </span>
      {container.health && (
        <span className={cx('flex flex-none items-center gap-1.5', state.tone && toneClasses[state.tone])}>
          <HeartPulse size={16} className={state.tone ? '' : 'text-fg-4'} aria-hidden />
          {t(healthTexts[container.health])}
        </span>
      )}
      <span
        className={`flex flex-none items-center gap-1.5 tabular-nums ${state.tone === 'error' ? toneClasses.error : ''}`}
        title={container.error ?? (container.startedAt && momentText(container.startedAt))}
      >
        <Clock size={16} className="text-fg-4" aria-hidden />
        {running ? t('logs.up', { span: ageText(running, now) }) : state.text}
      </span>
      {portViews(container).length > 0 && (
        <span className="flex flex-none items-center gap-1.5">
          <Globe size={16} className="text-fg-4" aria-hidden />
          <PortLinks container={container} room={48} />
        </span>
      )}
      {container.command && (
        <span className="flex min-w-0 items-center gap-1.5" title={container.command}>
          <Terminal size={16} className="text-fg-4" aria-hidden />
          <code className="mono selectable overflow-hidden text-ellipsis text-caption">{container.command}</code>
        </span>
      )}
      <code className="mono selectable text-caption text-fg-4">{shortId(container.id)}</code>
    </div>
  );
}
