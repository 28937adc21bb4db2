import { Plus } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
import type { Image } from '../../../electron/bridge/host.ts';
import { act, startOrStop } from '../../host/container-actions.ts';
import { logsPath, terminalPath } from '../../host/container-menu.ts';
import { firstPort } from '../../host/container-ports.ts';
import { EngineBanner, EngineInsteadOfList, useOnline } from '../../host/engine-view.tsx';
import { useHost } from '../../host/host-store.ts';
import { request } from '../../host/requests.ts';
import { Button } from '../../ui/button.tsx';
import { FilterBar } from '../../ui/filter-bar.tsx';
import { navigate } from '../../ui/hash-route.ts';
import { PageHeader, PageTools } from '../../ui/page-header.tsx';
import { PageMessage } from '../../ui/page-states.tsx';
import { SearchBox } from '../../ui/text-field.tsx';
import { useListSelection } from '../../ui/use-list-selection.ts';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { type Filter, type ListQuery, listContainers } from './container-list.ts';
import { ContainerTable, containerColumns } from './container-table.tsx';
import { SelectionBar } from './selection-bar.tsx';

/** Outlives the page: whoever comes back finds the list as it was. */
const useQuery = create<ListQuery>()(() => ({ filter: 'all', search: '', order: { by: 'name', down: false } }));

/** The list of containers: filter, search, and what can be done to one or to several. */
export function ContainersPage() {
  const { t } = useTranslation();
  const containers = useHost((state) => state.containers);
  const listed = useHost((state) => state.listed);
  const online = useOnline();
  const query = useQuery();
  const search = useRef<HTMLInputElement>(null);
  const all = useMemo(() => Object.values(containers), [containers]);
  const list = useMemo(() => listContainers(all, query), [all, query]);
  const selection = useListSelection('containers', list.ids);
  const change = (part: Partial<ListQuery>) => useQuery.setState(part);
  useListedMark(listed);
  useContainerKeys(selection, online, { leave: () => change({ search: '' }), find: () => search.current?.focus() });
  return (
    <>
      <PageHeader title={t('app.containers')} count={all.length || undefined}>
        <SearchBox
          ref={search}
          value={query.search}
          onChange={(text) => change({ search: text })}
          placeholder={t('containers.search')}
          clearLabel={t('app.clearSearch')}
          keyHint="/"
        />
        <Button kind="primary" icon={Plus} disabled={!online} onClick={() => request({ kind: 'run' })}>
          {t('containers.run')}
        </Button>
      </PageHeader>
      {all.length > 0 ? (
        <Filters counts={list.counts} value={query.filter} onChange={(filter) => change({ filter })} />
      ) : (
        <div className="h-2 flex-none" />
      )}
      <EngineBanner />
      {!listed ? (
        <EngineInsteadOfList bars={containerColumns} />
      ) : list.ids.length === 0 ? (
        <NothingShown empty={all.length === 0} found={list.found} query={query} change={change} />
      ) : (
        <ContainerTable {...{ list, containers, selection, query, change, online }} />
      )}
      <SelectionBar selection={selection} containers={containers} online={online} />
    </>
  );
}

const listedMark = 'containers-listed';

/** When the first list was drawn, for who measures the start (User Timing). */
function useListedMark(listed: boolean): void {
  useEffect(() => {
    if (!listed || performance.getEntriesByName(listedMark).length > 0) return;
    const frame = requestAnimationFrame(() => performance.mark(listedMark));
    return () => cancelAnimationFrame(frame);
  }, [listed]);
}

interface FiltersProps {
  counts: Record<Filter, number>;
  value: Filter;
  onChange: (filter: Filter) => void;
}

function Filters({ counts, value, onChange }: FiltersProps) {
  const { t } = useTranslation();
  return (
    <PageTools>
      <FilterBar
        label={t('containers.filter.label')}
        value={value}
        onChange={onChange}
        options={[
          { value: 'all', text: t('containers.filter.all'), count: counts.all },
          { value: 'running', text: t('containers.filter.running'), count: counts.running },
          { value: 'stopped', text: t('containers.filter.stopped'), count: counts.stopped },
        ]}
      />
    </PageTools>
  );
}

interface NothingShownProps {
  empty: boolean;
  /** Hidden only by the filter. */
  found: number;
  query: ListQuery;
  change: (part: Partial<ListQuery>) => void;
}

function NothingShown({ empty, found, query, change }: NothingShownProps) {
  const { t } = useTranslation();
  const online = useOnline();
  const image = useHost(({ images }) => Object.values(images).find(({ references }) => references.length > 0));
  if (empty) {
    return (
      <PageMessage
        title={t('containers.empty.title')}
        text={t('containers.empty.text')}
        below={image && <InTerminal image={image} />}
        actions={
          <Button icon={Plus} disabled={!online} onClick={() => request({ kind: 'run' })}>
            {t('containers.empty.action')}
          </Button>
        }
      />
    );
  }
  if (query.search === '') {
    const running = query.filter === 'running';
    return (
      <PageMessage
        title={t(running ? 'containers.none.running' : 'containers.none.stopped')}
        text={t('containers.none.text')}
        actions={<Button onClick={() => change({ filter: 'all' })}>{t('containers.none.action')}</Button>}
      />
    );
  }
  return (
    <PageMessage
      title={t('app.noMatch', { search: query.search })}
      text={t('containers.noMatchText')}
      actions={
        <>
          <Button keyHint={t('keys.esc')} onClick={() => change({ search: '' })}>
            {t('app.clearSearch')}
          </Button>
          {found > 0 && (
            <Button kind="quiet" onClick={() => change({ filter: 'all' })}>
              {t('containers.searchAll')}
            </Button>
          )}
        </>
      }
    />
  );
}

/** What does the same on the command line. */
function InTerminal({ image }: { image: Image }) {
  const { t } = useTranslation();
  return (
    <span>
      {t('containers.empty.terminal')}{' '}
      <code className="mono selectable text-caption">docker run {image.references[0]}</code>
    </span>
  );
}

function useContainerKeys(
  selection: ReturnType<typeof useListSelection>,
  online: boolean,
  { leave, find }: { leave: () => void; find: () => void },
) {
  const { cursor, selected } = selection;
  const target = () => (cursor === undefined ? undefined : useHost.getState().containers[cursor]);
  const withTarget = (run: (container: NonNullable<ReturnType<typeof target>>) => void) => () => {
    const container = target();
    if (container) run(container);
  };
  const several = selected.size > 0 ? [...selected] : cursor === undefined ? [] : [cursor];
  useShortcuts({
    '/': find,
    s: online ? withTarget((container) => void startOrStop(container)) : undefined,
    r: online ? withTarget((container) => void act('restart', container)) : undefined,
    o: withTarget((container) => firstPort(container)?.()),
    l: withTarget((container) => navigate(logsPath(container.id))),
    t: withTarget((container) => navigate(terminalPath(container.id))),
    Delete: online && several.length > 0 ? () => request({ kind: 'remove-containers', ids: several }) : undefined,
    Escape: selected.size > 0 ? selection.clear : leave,
  });
}
