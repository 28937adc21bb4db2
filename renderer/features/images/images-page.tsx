import { ArrowDownToLine, BrushCleaning, FolderInput } from 'lucide-react';
import { type RefObject, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
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
import { type ImageFilter, type ImageQuery, listImages } from './image-list.ts';
import { ImageSelectionBar } from './image-selection-bar.tsx';
import { ImageTable, imageColumns, rowKey } from './image-table.tsx';
import { loadFiles } from './load-store.ts';
import { WorkStrip } from './work-strip.tsx';

/** Outlives the page: whoever comes back finds the list as it was. */
const useQuery = create<ImageQuery>()(() => ({
  filter: 'all',
  search: '',
  order: { by: 'name', down: false },
  folded: new Set(),
}));

/** The images on this computer: pull, load from a file, run, push, save, remove. */
export function ImagesPage() {
  const { t } = useTranslation();
  const images = useHost((state) => state.images);
  const listed = useHost((state) => state.listed);
  const online = useOnline();
  const query = useQuery();
  const search = useRef<HTMLInputElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const list = useMemo(() => listImages(Object.values(images), query), [images, query]);
  const rows = useMemo(() => new Map(list.rows.map((row) => [rowKey(row), row])), [list.rows]);
  const ids = useMemo(() => [...rows.keys()], [rows]);
  const selection = useListSelection('images', ids);
  const change = (part: Partial<ImageQuery>) => useQuery.setState(part);
  const leave = selection.selected.size > 0 ? selection.clear : () => change({ search: '' });
  useShortcuts({ '/': () => search.current?.focus(), Escape: leave });
  usePickRequests(picker);
  return (
    <>
      <PageHeader title={t('app.images')} count={list.counts.all || undefined}>
        <SearchBox
          ref={search}
          value={query.search}
          onChange={(text) => change({ search: text })}
          placeholder={t('images.search')}
          clearLabel={t('app.clearSearch')}
          keyHint="/"
        />
        <Button icon={FolderInput} disabled={!online} onClick={() => picker.current?.click()}>
          {t('images.load')}
        </Button>
        <Button kind="primary" icon={ArrowDownToLine} disabled={!online} onClick={() => request({ kind: 'pull' })}>
          {t('pull.pull')}
        </Button>
        <FilePicker input={picker} />
      </PageHeader>
      {list.counts.all > 0 ? (
        <ImageTools list={list} query={query} change={change} online={online} />
      ) : (
        <div className="h-2 flex-none" />
      )}
      <EngineBanner />
      <WorkStrip />
      {!listed ? (
        <EngineInsteadOfList bars={imageColumns} />
      ) : list.rows.length === 0 ? (
        <NothingShown {...{ list, query, change, picker }} />
      ) : (
        <ImageTable {...{ rows, selection, query, change, online }} />
      )}
      <ImageSelectionBar rows={rows} selection={selection} online={online} />
    </>
  );
}

/** Someone else on the page asked for a file. */
function usePickRequests(picker: RefObject<HTMLInputElement | null>) {
  const wanted = useRequests((state) => state.pickFile);
  const seen = useRef(0);
  useEffect(() => {
    if (wanted > seen.current) picker.current?.click();
    seen.current = wanted;
  }, [wanted, picker]);
}

function FilePicker({ input }: { input: RefObject<HTMLInputElement | null> }) {
  const { t } = useTranslation();
  return (
    <input
      ref={input}
      type="file"
      multiple
      accept=".tar,.tgz,.gz,.xz,.zst,.bz2"
      aria-label={t('images.loadFile')}
      tabIndex={-1}
      className="sr-only"
      onChange={(event) => {
        loadFiles([...(event.target.files ?? [])]);
        event.target.value = '';
      }}
    />
  );
}

interface ImagePart {
  list: ReturnType<typeof listImages>;
  query: ImageQuery;
  change: (part: Partial<ImageQuery>) => void;
}

function ImageTools({ list, query, change, online }: ImagePart & { online: boolean }) {
  const { t } = useTranslation();
  return (
    <PageTools>
      <FilterBar
        label={t('images.filter.label')}
        value={query.filter}
        onChange={(filter: ImageFilter) => change({ filter })}
        options={[
          { value: 'all', text: t('images.filter.all'), count: list.counts.all },
          { value: 'used', text: t('images.filter.used'), count: list.counts.used },
          { value: 'unused', text: t('images.filter.unused'), count: list.counts.unused },
        ]}
      />
      <span className="flex-1" />
      {list.size > 0 && (
        <span className="text-small tabular-nums text-fg-3">{t('images.onDisk', { size: sizeText(list.size) })}</span>
      )}
      <span className="mx-2 h-4 w-px bg-line-2" />
      <Button
        kind="quiet"
        size="small"
        icon={BrushCleaning}
        disabled={!online}
        onClick={() => request({ kind: 'prune-images' })}
      >
        {t('images.cleanUp')}
      </Button>
    </PageTools>
  );
}

function NothingShown({ list, query, change, picker }: ImagePart & { picker: RefObject<HTMLInputElement | null> }) {
  const { t } = useTranslation();
  const online = useOnline();
  if (list.counts.all === 0) {
    return (
      <PageMessage
        title={t('images.empty.title')}
        text={t('images.empty.text')}
        actions={
          <>
            <Button icon={ArrowDownToLine} disabled={!online} onClick={() => request({ kind: 'pull' })}>
              {t('pull.title')}
            </Button>
            <Button icon={FolderInput} disabled={!online} onClick={() => picker.current?.click()}>
              {t('images.loadFile')}
            </Button>
          </>
        }
        below={
          <span>
            {t('images.empty.terminal')} <code className="mono selectable text-fg-3">docker pull busybox</code>
          </span>
        }
      />
    );
  }
  if (query.search === '') {
    return (
      <PageMessage
        title={t(query.filter === 'used' ? 'images.none.used' : 'images.none.unused')}
        text={t('images.none.text')}
        actions={<Button onClick={() => change({ filter: 'all' })}>{t('images.none.action')}</Button>}
      />
    );
  }
  return (
    <PageMessage
      title={t('app.noMatch', { search: query.search })}
      text={t('images.noMatchText')}
      actions={
        <>
          <Button keyHint={t('keys.esc')} onClick={() => change({ search: '' })}>
            {t('app.clearSearch')}
          </Button>
          {list.found > 0 && (
            <Button kind="quiet" onClick={() => change({ filter: 'all' })}>
              {t('images.none.action')}
            </Button>
          )}
        </>
      }
    />
  );
}
