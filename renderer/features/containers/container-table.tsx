import { Ellipsis, Play, ScrollText, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Container } from '../../../electron/bridge/host.ts';
import { startOrStop, useBusy } from '../../host/container-actions.ts';
import { containerMenu, logsPath } from '../../host/container-menu.ts';
import { isActive, stateView, toneClasses } from '../../host/container-state.ts';
import { useKnownTime } from '../../host/engine-view.tsx';
import { momentText, splitReference } from '../../host/figures.ts';
import { PortLinks } from '../../host/port-links.tsx';
import { request } from '../../host/requests.ts';
import { IconButton } from '../../ui/button.tsx';
import { navigate } from '../../ui/hash-route.ts';
import { type Column, ListTable } from '../../ui/list-table.tsx';
import { Menu } from '../../ui/menu.tsx';
import { MiddleCut } from '../../ui/middle-cut.tsx';
import { StatusGlyph } from '../../ui/status-glyph.tsx';
import { StopIcon } from '../../ui/stop-icon.tsx';
import type { ListSelection } from '../../ui/use-list-selection.ts';
import type { ListQuery, listContainers, SortBy } from './container-list.ts';
import { UseCell } from './use-cell.tsx';

/** Of the list, which its loading bars have as well. */
export const containerColumns = {
  glyphs: true,
  widths: {
    regular: 'minmax(130px,1.15fr) minmax(120px,1fr) 124px 116px 116px 112px',
    narrow: 'minmax(110px,1fr) minmax(90px,1fr) 124px 52px 60px 112px',
  },
};

export interface ContainerTableProps {
  list: ReturnType<typeof listContainers>;
  containers: Readonly<Record<string, Container>>;
  selection: ListSelection;
  query: ListQuery;
  change: (part: Partial<ListQuery>) => void;
  online: boolean;
}

export function ContainerTable({ list, containers, selection, query, change, online }: ContainerTableProps) {
  const { t } = useTranslation();
  const now = useKnownTime();
  const column = (id: SortBy, title: string, right = false): Column => ({
    id,
    title,
    right,
    sorted: query.order.by === id ? (query.order.down ? 'descending' : 'ascending') : undefined,
    onSort: () => change({ order: { by: id, down: query.order.by === id && !query.order.down } }),
  });
  return (
    <ListTable
      label={t('app.containers')}
      columns={[
        column('name', t('containers.column.name')),
        column('image', t('containers.column.image')),
        { id: 'ports', title: t('containers.column.ports') },
        { id: 'cpu', title: t('stats.cpu'), right: true },
        { id: 'memory', title: t('stats.memory'), right: true },
        column('state', t('containers.column.state'), true),
      ]}
      widths={containerColumns.widths}
      ids={list.ids}
      selection={selection}
      tickLabel={t('app.select')}
      stale={!online}
      glyphs
      onOpen={(id) => navigate(logsPath(id))}
      row={(id, inView) => {
        const container = containers[id];
        if (!container) return { cells: [], label: '' };
        const state = stateView(container, now);
        return {
          label: t('containers.rowLabel', { name: container.name, state: state.label }),
          glyph: <StatusGlyph shape={state.shape} />,
          cells: [
            <NameCell key="name" container={container} />,
            <ImageCell key="image" image={container.image} />,
            <PortLinks key="ports" container={container} />,
            // what does not run has no figures, and often a reason that needs their room
            ...(hasUse(container) ? figuresOf(container, inView && online && container.state === 'running') : []),
            <span
              key="state"
              className={`block overflow-hidden text-ellipsis text-small tabular-nums ${state.tone ? toneClasses[state.tone] : 'text-fg-3'}`}
              title={container.error ?? stateTitle(container)}
            >
              {state.text}
            </span>,
          ],
          actions: <RowActions container={container} online={online} />,
        };
      }}
    />
  );
}

const hasUse = ({ state }: Container) => state === 'running' || state === 'paused';

const figuresOf = ({ id, cpuLimit, memoryLimit }: Container, on: boolean) => [
  <UseCell key="cpu" of="cpu" limit={cpuLimit} {...{ id, on }} />,
  <UseCell key="memory" of="memory" limit={memoryLimit} {...{ id, on }} />,
];

function stateTitle(container: Container): string | undefined {
  const moment = isActive(container) ? container.startedAt : container.finishedAt;
  return moment && momentText(moment);
}

function NameCell({ container }: { container: Container }) {
  return (
    <span className={container.state === 'running' ? 'block text-fg-1' : 'block text-fg-2'}>
      <MiddleCut text={container.name} />
    </span>
  );
}

function ImageCell({ image }: { image: string }) {
  const { tag } = splitReference(image);
  return (
    <span className="block text-small text-fg-2">
      <MiddleCut text={image} tail={tag} tailClassName="text-fg-3" />
    </span>
  );
}

function RowActions({ container, online }: { container: Container; online: boolean }) {
  const { t } = useTranslation();
  const busy = useBusy((state) => state[container.id]);
  const active = isActive(container);
  return (
    <>
      <IconButton
        icon={active ? StopIcon : Play}
        label={t(active ? 'containers.stop' : 'containers.start')}
        keyHint="S"
        tabIndex={-1}
        disabled={!online}
        busy={busy === 'start' || busy === 'stop'}
        onClick={() => void startOrStop(container)}
      />
      <IconButton
        icon={ScrollText}
        label={t('containers.logs')}
        keyHint="L"
        tabIndex={-1}
        onClick={() => navigate(logsPath(container.id))}
      />
      <IconButton
        icon={Trash2}
        label={t('containers.remove')}
        keyHint={t('keys.del')}
        tabIndex={-1}
        disabled={!online}
        busy={busy === 'remove'}
        onClick={() => request({ kind: 'remove-containers', ids: [container.id] })}
      />
      <Menu entries={containerMenu(container, { logs: true, offline: !online })}>
        <IconButton icon={Ellipsis} label={t('app.more')} tabIndex={-1} busy={busy === 'restart' || busy === 'kill'} />
      </Menu>
    </>
  );
}
