import i18next from 'i18next';
import { Ellipsis, Layers, RotateCw, SquareStop } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Build } from '../../../electron/bridge/builds.ts';
import { buildMenu } from '../../host/build-menu.ts';
import { BuildGlyph, cachePercent, resultText, tookText } from '../../host/build-state.tsx';
import { buildAgain, buildName, cancelBuild, folderName } from '../../host/build-store.ts';
import { useKnownTime } from '../../host/engine-view.tsx';
import { momentText, spanText, splitReference } from '../../host/figures.ts';
import { openImage } from '../../host/image-menu.ts';
import { IconButton } from '../../ui/button.tsx';
import { type Column, ListTable } from '../../ui/list-table.tsx';
import { Menu } from '../../ui/menu.tsx';
import { MiddleCut } from '../../ui/middle-cut.tsx';
import type { ListSelection } from '../../ui/use-list-selection.ts';

/** Of the list, which its loading bars have as well. */
export const buildColumns = {
  widths: {
    regular: 'minmax(180px,1.5fr) minmax(120px,1fr) 88px 128px 64px minmax(120px,1fr)',
    narrow: 'minmax(150px,1.4fr) 64px minmax(130px,1fr)',
  },
  glyphs: true,
};
/** Where no build was asked to be of a platform, the column says nothing. */
const withoutPlatform = {
  ...buildColumns.widths,
  regular: 'minmax(180px,1.5fr) minmax(120px,1fr) 128px 64px minmax(120px,1fr)',
};

export interface BuildTableProps {
  rows: readonly Build[];
  selection: ListSelection;
  online: boolean;
  onOpen: (id: string) => void;
}

export function BuildTable({ rows, selection, online, onOpen }: BuildTableProps) {
  const { t } = useTranslation();
  const now = useKnownTime();
  const ids = useMemo(() => rows.map(({ id }) => id), [rows]);
  const byId = useMemo(() => new Map(rows.map((build) => [build.id, build])), [rows]);
  const hasPlatform = rows.some(({ platform }) => platform !== undefined);
  const columns: Column[] = [
    { id: 'image', title: t('builds.column.image') },
    { id: 'from', title: t('builds.column.from'), wide: true },
    ...(hasPlatform ? [{ id: 'platform', title: t('builds.column.platform'), wide: true }] : []),
    { id: 'cached', title: t('builds.column.cached'), right: true, wide: true },
    { id: 'took', title: t('builds.column.took'), right: true },
    { id: 'result', title: t('builds.column.result'), right: true },
  ];
  return (
    <ListTable
      label={t('builds.title')}
      columns={columns}
      widths={hasPlatform ? buildColumns.widths : withoutPlatform}
      glyphs
      ids={ids}
      selection={selection}
      tickLabel={t('app.select')}
      stale={!online}
      onOpen={onOpen}
      row={(id) => {
        const build = byId.get(id);
        if (!build) return { cells: [], label: '' };
        return {
          label: buildName(build),
          glyph: <BuildGlyph build={build} />,
          cells: cellsOf(build, now, hasPlatform),
          actions: <RowActions build={build} online={online} />,
        };
      }}
    />
  );
}

function cellsOf(build: Build, now: number, hasPlatform: boolean) {
  const { folder, dockerfile, target, platform, startedAt, endedAt, state } = build;
  const small = 'block overflow-hidden text-ellipsis whitespace-nowrap text-small text-fg-3';
  const name = buildName(build);
  const from = [
    folder === undefined ? i18next.t('builds.otherClient') : folderName(folder),
    ...(dockerfile === 'Dockerfile' ? [] : [dockerfile]),
    ...(target === undefined ? [] : [target]),
  ].join(i18next.t('builds.comma'));
  const took = (endedAt ?? (state === 'running' ? now : startedAt)) - startedAt;
  return [
    <MiddleCut key="image" text={name} tail={splitReference(name).tag} tailClassName="text-fg-4" />,
    <span key="from" className={small} title={folder ?? from}>
      {from}
    </span>,
    ...(hasPlatform
      ? [
          <span key="platform" className={small}>
            {platform?.replace(/^linux\//, '') ?? '–'}
          </span>,
        ]
      : []),
    <CacheShare key="cached" build={build} />,
    <span key="took" className="text-small tabular-nums text-fg-2">
      {state === 'lost' ? '–' : tookText(took)}
    </span>,
    <Result key="result" build={build} now={now} />,
  ];
}

function CacheShare({ build }: { build: Build }) {
  const percent = cachePercent(build);
  if (percent === undefined) return <span className="text-small text-fg-4">–</span>;
  return (
    <span className="flex items-center justify-end gap-3">
      <span className="h-1.5 w-16 bg-surface-3">
        <span className="block h-1.5 bg-(--spark)" style={{ width: `${percent}%` }} />
      </span>
      <span className="w-10 text-small tabular-nums text-fg-2">{percent}%</span>
    </span>
  );
}

const tones: Readonly<Record<Build['state'], string>> = {
  running: 'text-accent-text',
  failed: 'text-error-text',
  lost: 'text-warning-text',
  cancelled: 'text-fg-3',
  done: 'text-fg-3',
};

function Result({ build, now }: { build: Build; now: number }) {
  const { t } = useTranslation();
  const { state, endedAt } = build;
  const ago = endedAt === undefined ? undefined : t('time.ago', { span: spanText(now - endedAt) });
  const text = state === 'done' && ago !== undefined ? ago : resultText(build);
  return (
    <span
      className={`block overflow-hidden text-ellipsis whitespace-nowrap text-small tabular-nums ${tones[state]}`}
      title={state === 'done' && endedAt !== undefined ? momentText(new Date(endedAt).toISOString()) : text}
    >
      {text}
    </span>
  );
}

function RowActions({ build, online }: { build: Build; online: boolean }) {
  const { t } = useTranslation();
  const { id, state, imageId } = build;
  return (
    <>
      {state === 'running' ? (
        <IconButton
          icon={SquareStop}
          label={t('builds.stop')}
          tabIndex={-1}
          disabled={!online}
          onClick={() => void cancelBuild(id)}
        />
      ) : (
        <IconButton
          icon={RotateCw}
          label={t('builds.again')}
          tabIndex={-1}
          disabled={!online}
          onClick={() => void buildAgain(build)}
        />
      )}
      {imageId !== undefined && (
        <IconButton icon={Layers} label={t('builds.openImage')} tabIndex={-1} onClick={() => openImage(imageId)} />
      )}
      <Menu entries={buildMenu(build, online)}>
        <IconButton icon={Ellipsis} label={t('app.more')} tabIndex={-1} />
      </Menu>
    </>
  );
}
