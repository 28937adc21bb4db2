import { Database, Hammer, Trash2 } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
import type { Build } from '../../../electron/bridge/builds.ts';
import { call } from '../../host/bridge-client.ts';
import { chooseAndBuild, openBuild, removeBuilds, useBuilds } from '../../host/build-store.ts';
import { EngineBanner, EngineInsteadOfList, useOnline } from '../../host/engine-view.tsx';
import { sizeText } from '../../host/figures.ts';
import { useHost } from '../../host/host-store.ts';
import { request, useRequests } from '../../host/requests.ts';
import { Button } from '../../ui/button.tsx';
import { FilterBar } from '../../ui/filter-bar.tsx';
import { PageHeader, PageTools } from '../../ui/page-header.tsx';
import { PageMessage } from '../../ui/page-states.tsx';
import { SearchBox } from '../../ui/text-field.tsx';
import { useListSelection } from '../../ui/use-list-selection.ts';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { type BuildFilter, listBuilds } from './build-list.ts';
import { BuildTable, buildColumns } from './build-table.tsx';

/** Outlives the page: whoever comes back finds the list as it was. */
const useQuery = create<{ filter: BuildFilter; search: string }>()(() => ({ filter: 'all', search: '' }));

/** Builds of this host, as they go and as they went. */
export function BuildsPage() {
  const { t } = useTranslation();
  const { builds, listed } = useBuilds();
  const hostListed = useHost((state) => state.listed);
  const online = useOnline();
  const query = useQuery();
  const search = useRef<HTMLInputElement>(null);
  const list = useMemo(() => listBuilds(builds, query), [builds, query]);
  const ids = useMemo(() => list.rows.map(({ id }) => id), [list.rows]);
  const selection = useListSelection('builds', ids);
  const ended = chosenOf(list.rows, selection.selected, selection.cursor);
  const change = (part: Partial<typeof query>) => useQuery.setState(part);
  const leave = selection.selected.size > 0 ? selection.clear : () => change({ search: '' });
  const remove = online && ended.length > 0 ? () => void removeBuilds(ended) : undefined;
  useShortcuts({ '/': () => search.current?.focus(), Escape: leave, Delete: remove });
  return (
    <>
      <PageHeader title={t('builds.title')} count={builds.length || undefined}>
        <SearchBox
          ref={search}
          value={query.search}
          onChange={(text) => change({ search: text })}
          placeholder={t('builds.search')}
          clearLabel={t('app.clearSearch')}
          keyHint="/"
        />
        <Button kind="primary" icon={Hammer} disabled={!online} onClick={() => void chooseAndBuild()}>
          {t('builds.build')}
        </Button>
      </PageHeader>
      <PageTools>
        {builds.length > 0 && (
          <FilterBar
            label={t('builds.filter.label')}
            value={query.filter}
            onChange={(filter: BuildFilter) => change({ filter })}
            options={[
              { value: 'all', text: t('builds.filter.all'), count: list.counts.all },
              { value: 'running', text: t('builds.filter.running'), count: list.counts.running },
              { value: 'failed', text: t('builds.filter.failed'), count: list.counts.failed },
            ]}
          />
        )}
        <span className="flex-1" />
        {selection.selected.size > 0 && (
          <Button kind="quiet" size="small" icon={Trash2} disabled={!remove} onClick={remove}>
            {t('builds.forgetSeveral', { count: ended.length })}
          </Button>
        )}
        <CacheButton builds={builds} online={online} />
      </PageTools>
      <EngineBanner />
      {!listed || !hostListed ? (
        <EngineInsteadOfList bars={buildColumns} />
      ) : list.rows.length === 0 ? (
        <NothingShown isEmpty={builds.length === 0} search={query.search} change={change} />
      ) : (
        <BuildTable rows={list.rows} selection={selection} online={online} onOpen={openBuild} />
      )}
    </>
  );
}

/** Ticked builds that have ended, else the one under the cursor. */
function chosenOf(rows: readonly Build[], selected: ReadonlySet<string>, cursor: string | undefined): string[] {
  const isChosen = (id: string) => (selected.size > 0 ? selected.has(id) : id === cursor);
  return rows.filter(({ id, state }) => state !== 'running' && isChosen(id)).map(({ id }) => id);
}

/** How much the cache takes, looked at again when a build has ended. */
function CacheButton({ builds, online }: { builds: readonly Build[]; online: boolean }) {
  const { t } = useTranslation();
  const [bytes, setBytes] = useState<number>();
  const dialog = useDialogOpen();
  const ended = builds.filter(({ state }) => state !== 'running').length;
  // what has changed since is looked at anew
  useEffect(() => {
    if (!online || dialog) return;
    let left = false;
    void call('builds.cache', undefined).then((outcome) => {
      if (!left && outcome.ok) setBytes(outcome.value.reduce((sum, entry) => sum + entry.bytes, 0));
    });
    return () => {
      left = true;
    };
  }, [ended, online, dialog]);
  return (
    <Button
      kind="quiet"
      size="small"
      icon={Database}
      disabled={!online}
      onClick={() => request({ kind: 'build-cache' })}
    >
      {bytes === undefined ? t('builds.cache.open') : t('builds.cache.size', { size: sizeText(bytes) })}
    </Button>
  );
}

const useDialogOpen = () => useRequests((state) => state.current?.kind === 'build-cache');

interface NothingProps {
  isEmpty: boolean;
  search: string;
  change: (part: { filter?: BuildFilter; search?: string }) => void;
}

function NothingShown({ isEmpty, search, change }: NothingProps) {
  const { t } = useTranslation();
  const online = useOnline();
  if (isEmpty)
    return (
      <PageMessage
        title={t('builds.empty.title')}
        text={t('builds.empty.text')}
        actions={
          <Button icon={Hammer} disabled={!online} onClick={() => void chooseAndBuild()}>
            {t('builds.empty.action')}
          </Button>
        }
        below={
          <span>
            {t('images.empty.terminal')} <code className="mono selectable text-fg-3">docker build -t hello .</code>
          </span>
        }
      />
    );
  return (
    <PageMessage
      title={search === '' ? t('builds.none.title') : t('app.noMatch', { search })}
      text={t('builds.none.text')}
      actions={<Button onClick={() => change({ filter: 'all', search: '' })}>{t('builds.none.action')}</Button>}
    />
  );
}
