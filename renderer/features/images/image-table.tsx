import { ChevronDown, ChevronRight, Ellipsis, Play, Upload } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { ageText, momentText, shortId, sizeText, splitReference } from '../../host/figures.ts';
import { useHost } from '../../host/host-store.ts';
import { imageMenu, nameOf, openImage, runImage } from '../../host/image-menu.ts';
import { request } from '../../host/requests.ts';
import { Badge } from '../../ui/badge.tsx';
import { IconButton } from '../../ui/button.tsx';
import { type Column, ListTable } from '../../ui/list-table.tsx';
import { Menu } from '../../ui/menu.tsx';
import { MiddleCut } from '../../ui/middle-cut.tsx';
import type { ListSelection } from '../../ui/use-list-selection.ts';
import { useNow } from '../../ui/use-now.ts';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import type { ImageGroup, ImageLine, ImageQuery, ImageRow, ImageSort } from './image-list.ts';

/** Of the list, which its loading bars have as well. */
export const imageColumns = {
  widths: {
    regular: 'minmax(200px,1.6fr) minmax(96px,0.8fr) 96px 92px 72px 80px 96px',
    narrow: 'minmax(180px,1.7fr) minmax(90px,0.8fr) 72px 96px',
  },
};

export interface ImageTableProps {
  rows: ReadonlyMap<string, ImageRow>;
  selection: ListSelection;
  query: ImageQuery;
  change: (part: Partial<ImageQuery>) => void;
  online: boolean;
}

/** By its key in the selection. */
export const rowKey = (row: ImageRow) => ('group' in row ? row.group.key : row.line.key);
const nameIn = ({ image, reference }: ImageLine) => ({ id: image.id, reference });

export function ImageTable({ rows, selection, query, change, online }: ImageTableProps) {
  const now = useNow(60_000);
  const { t } = useTranslation();
  const ids = useMemo(() => [...rows.keys()], [rows]);
  const fold = (repository: string, open: boolean) => {
    const folded = new Set(query.folded);
    if (open) folded.delete(repository);
    else folded.add(repository);
    change({ folded });
  };
  useImageKeys({ rows, selection, online, fold });
  return (
    <ListTable
      label={t('app.images')}
      columns={useColumns(query, change)}
      widths={imageColumns.widths}
      ids={ids}
      selection={selection}
      tickLabel={t('app.select')}
      stale={!online}
      row={(id) => {
        const row = rows.get(id);
        if (!row) return { cells: [], label: '' };
        if ('group' in row) return groupRow(row.group, fold);
        const { line, grouped } = row;
        return {
          label: line.reference ?? t('images.untagged'),
          cells: cellsOf(line, { now, grouped, untagged: t('images.untagged') }),
          actions: <RowActions line={line} online={online} />,
        };
      }}
      onOpen={(id) => {
        const row = rows.get(id);
        if (row && 'line' in row) openImage(row.line.image.id);
        else if (row) fold(row.group.repository, !row.group.open);
      }}
    />
  );
}

interface KeysProps extends Pick<ImageTableProps, 'rows' | 'selection' | 'online'> {
  fold: (repository: string, open: boolean) => void;
}

function useImageKeys({ rows, selection, online, fold }: KeysProps) {
  const { cursor, selected } = selection;
  const row = cursor === undefined ? undefined : rows.get(cursor);
  const line = row && 'line' in row ? row.line : undefined;
  const group = row && 'group' in row ? row.group : undefined;
  const ticked = linesIn(rows, selected);
  const several = ticked.length > 0 ? ticked : line ? [line] : [];
  useShortcuts({
    Delete:
      online && several.length > 0 ? () => request({ kind: 'remove-images', images: several.map(nameIn) }) : undefined,
    r: online && line ? () => runImage(nameIn(line)) : undefined,
    ArrowLeft: group?.open ? () => fold(group.repository, false) : undefined,
    ArrowRight: group && !group.open ? () => fold(group.repository, true) : undefined,
  });
}

/** The images among what is ticked: a repository's own line is none. */
export function linesIn(rows: ReadonlyMap<string, ImageRow>, keys: Iterable<string>): ImageLine[] {
  return [...keys].flatMap((key) => {
    const row = rows.get(key);
    return row && 'line' in row ? [row.line] : [];
  });
}

function useColumns(query: ImageQuery, change: ImageTableProps['change']): Column[] {
  const { t } = useTranslation();
  const sort = (by: ImageSort) => ({
    sorted: query.order.by === by ? (query.order.down ? ('descending' as const) : ('ascending' as const)) : undefined,
    onSort: () => change({ order: { by, down: query.order.by === by && !query.order.down } }),
  });
  return [
    { id: 'name', title: t('images.column.name'), ...sort('name') },
    { id: 'used', title: t('images.column.used') },
    { id: 'platform', title: t('images.column.platform'), wide: true },
    { id: 'id', title: t('images.column.id'), wide: true },
    { id: 'size', title: t('images.column.size'), right: true, ...sort('size') },
    { id: 'shared', title: t('images.column.shared'), right: true, wide: true },
    { id: 'created', title: t('images.column.created'), right: true, ...sort('created') },
  ];
}

function groupRow(group: ImageGroup, fold: KeysProps['fold']) {
  return {
    label: group.repository,
    plain: true,
    cells: [
      <GroupName key="name" group={group} fold={fold} />,
      <GroupCount key="used" count={group.count} />,
      null,
      null,
      <span key="size" className="text-small tabular-nums text-fg-3">
        {sizeText(group.size)}
      </span>,
      null,
      null,
    ],
  };
}

function GroupName({ group, fold }: { group: ImageGroup; fold: KeysProps['fold'] }) {
  const { t } = useTranslation();
  const { repository, open } = group;
  const Sign = open ? ChevronDown : ChevronRight;
  return (
    <span className="-ml-5 flex items-center gap-1.5">
      <button
        type="button"
        tabIndex={-1}
        aria-expanded={open}
        aria-label={t('images.tagsOf', { name: repository })}
        className="flex-none rounded-1 text-fg-3 hover:text-fg-1"
        onClick={() => fold(repository, !open)}
      >
        <Sign size={14} aria-hidden />
      </button>
      <span className="min-w-0 font-semibold">
        <MiddleCut text={repository} />
      </span>
    </span>
  );
}

function GroupCount({ count }: { count: number }) {
  const { t } = useTranslation();
  return <span className="text-small text-fg-4">{t('images.tagCount', { count })}</span>;
}

/** Reproducible builds write no real date: 1970, or 1980 where zip is involved. */
function isDated(moment: string): boolean {
  return Date.parse(moment) >= Date.UTC(1981, 0);
}

interface CellOptions {
  now: number;
  grouped: boolean;
  untagged: string;
}

function cellsOf(line: ImageLine, { now, grouped, untagged }: CellOptions) {
  const { image } = line;
  const figure = 'text-small tabular-nums text-fg-3';
  return [
    <Name key="name" line={line} grouped={grouped} untagged={untagged} />,
    <UsedBy key="used" imageId={image.id} count={image.containers} />,
    <span key="platform" className="block overflow-hidden text-ellipsis text-small text-fg-3" title={image.platform}>
      {image.platform?.replace(/^linux\//, '') ?? ''}
    </span>,
    <span key="id" className="mono text-caption text-fg-4">
      {shortId(image.id)}
    </span>,
    <span key="size" className="text-small tabular-nums text-fg-2">
      {sizeText(image.size)}
    </span>,
    <span key="shared" className={figure}>
      {image.shared ? sizeText(image.shared) : '–'}
    </span>,
    <span key="created" className={figure} title={momentText(image.createdAt)}>
      {isDated(image.createdAt) ? ageText(image.createdAt, now) : '–'}
    </span>,
  ];
}

function Name({ line, grouped, untagged }: { line: ImageLine; grouped: boolean; untagged: string }) {
  const { t } = useTranslation();
  const { image, reference } = line;
  if (reference === undefined) return <span className="text-fg-3">{untagged}</span>;
  const { tag } = splitReference(reference);
  return (
    <span className={`flex items-center gap-2 ${grouped ? 'pl-4' : ''}`}>
      {grouped ? (
        <span className="min-w-0 overflow-hidden text-ellipsis" title={reference}>
          {tag.slice(1)}
        </span>
      ) : (
        <MiddleCut text={reference} tail={tag} tailClassName="text-fg-4" />
      )}
      {image.unverified.includes(reference) && <Badge tone="warning">{t('images.unverified')}</Badge>}
    </span>
  );
}

/** The names of the containers where they are known, else how many. */
function UsedBy({ imageId, count }: { imageId: string; count: number }) {
  const { t } = useTranslation();
  const containers = useHost((state) => state.containers);
  const names = useMemo(
    () => Object.values(containers).flatMap((container) => (container.imageId === imageId ? container.name : [])),
    [containers, imageId],
  );
  const text = names.length > 0 ? names.join(', ') : count > 0 ? t('images.usedBy', { count }) : t('images.notUsed');
  return (
    <span
      className={`block overflow-hidden text-ellipsis text-small ${names.length > 0 ? 'text-fg-2' : 'text-fg-4'}`}
      title={text}
    >
      {text}
    </span>
  );
}

function RowActions({ line, online }: { line: ImageLine; online: boolean }) {
  const { t } = useTranslation();
  const image = nameIn(line);
  const push = () => request({ kind: 'push-image', image: nameOf(image) });
  return (
    <>
      <IconButton
        icon={Play}
        label={t('containers.run')}
        tabIndex={-1}
        disabled={!online}
        onClick={() => runImage(image)}
      />
      <IconButton icon={Upload} label={t('images.push')} tabIndex={-1} disabled={!online} onClick={push} />
      <Menu entries={imageMenu(image, online)}>
        <IconButton icon={Ellipsis} label={t('app.more')} tabIndex={-1} />
      </Menu>
    </>
  );
}
