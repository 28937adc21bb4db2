import { ArrowLeft, ChevronRight, Ellipsis, Folder, Layers, RotateCw, SquareStop } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
import type { BuildDetail } from '../../../electron/bridge/builds.ts';
import { buildMenu } from '../../host/build-menu.ts';
import { BuildGlyph, buildStateText, cachePercent, resultText, tookText } from '../../host/build-state.tsx';
import {
  buildAgain,
  buildName,
  cancelBuild,
  folderName,
  removeBuilds,
  sawEnd,
  useBuilds,
} from '../../host/build-store.ts';
import { EngineBanner, useKnownTime, useOnline } from '../../host/engine-view.tsx';
import { failureText } from '../../host/failure-text.ts';
import { momentText, spanText, splitReference } from '../../host/figures.ts';
import { openImage } from '../../host/image-menu.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { cx } from '../../ui/class-names.ts';
import { navigate } from '../../ui/hash-route.ts';
import { Menu } from '../../ui/menu.tsx';
import { PageHeader, PageTools } from '../../ui/page-header.tsx';
import { LoadingBars, PageMessage } from '../../ui/page-states.tsx';
import { ProgressBar } from '../../ui/progress-bar.tsx';
import { Segments } from '../../ui/segments.tsx';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { GraphLegend, LaneLegend } from './legends.tsx';
import { SidePanel } from './side-panel.tsx';
import { stepOfInterest } from './stage-groups.ts';
import { StepGraph } from './step-graph.tsx';
import { StepList } from './step-list.tsx';
import { StepLog } from './step-log.tsx';
import { useBuild } from './use-build.ts';

const back = () => navigate('/builds');

/** One build: its steps in time, what each wrote, the Dockerfile, and why steps were run. */
export function BuildPage({ id }: { id: string }) {
  const { t } = useTranslation();
  const { build, failure } = useBuild(id);
  const online = useOnline();
  useShownHere(id, build);
  const running = build?.state === 'running';
  const again = online && build && !running ? () => void buildAgain(build) : undefined;
  const stop = online && running ? () => void cancelBuild(id) : undefined;
  const forget = () => void removeBuilds([id]).then(back);
  useShortcuts({ Escape: back, r: again, s: stop, Delete: online && build && !running ? forget : undefined });
  if (!build)
    return (
      <>
        <PageHeader title={<BackCrumb />} />
        <EngineBanner shows="page" />
        {failure ? (
          <PageMessage
            failed={failure.code !== 'not-found'}
            title={t('builds.gone')}
            text={failure.code === 'not-found' ? t('builds.goneText') : failureText(failure)}
            actions={<Button onClick={back}>{t('builds.toBuilds')}</Button>}
          />
        ) : (
          <LoadingBars label={t('app.loading')} />
        )}
      </>
    );
  return (
    <>
      <BuildHeader build={build} online={online} />
      <Facts build={build} stale={!online} />
      <EngineBanner shows="page" />
      <BuildBody build={build} />
    </>
  );
}

/** Nothing is said elsewhere of a build whose page is open. */
function useShownHere(id: string, build: BuildDetail | undefined) {
  const isOver = build?.id === id && build.endedAt !== undefined;
  useEffect(() => {
    if (isOver) sawEnd(id);
  }, [id, isOver]);
  useEffect(() => {
    useBuilds.setState({ shown: id });
    return () => useBuilds.setState({ shown: undefined });
  }, [id]);
}

function BuildBody({ build }: { build: BuildDetail }) {
  const { t } = useTranslation();
  const [wanted, choose] = useState<number>();
  const { view } = useView();
  const now = useKnownTime();
  const at = wanted ?? stepOfInterest(build.steps);
  const step = build.steps.find(({ number }) => number === at);
  // of other hosts it is not known what a step needs: nothing could be drawn
  const isGraph = view === 'graph' && build.detailed;
  const parts = { build, now, chosen: at, choose };
  return (
    <>
      {build.steps.length > 0 && <ViewTools view={isGraph ? 'graph' : 'list'} canDraw={build.detailed} />}
      <div className="flex min-h-0 flex-1 border-line-1 border-t">
        <div className="flex min-w-0 flex-1 flex-col">
          {build.steps.length === 0 ? (
            <p className="flex-1 px-4 py-3 text-fg-3">
              {t(build.state === 'running' ? 'builds.sendingText' : 'builds.noSteps')}
            </p>
          ) : isGraph ? (
            <StepGraph {...parts} />
          ) : (
            <StepList {...parts} />
          )}
          {!isGraph && <StepLog build={build.id} step={step} />}
        </div>
        <SidePanel {...{ build, step, choose, now }} withLog={isGraph} />
      </div>
    </>
  );
}

type View = 'graph' | 'list';

/** Outlives the page: whoever prefers the list finds it with the next build. */
const useView = create<{ view: View }>()(() => ({ view: 'graph' }));

function ViewTools({ view, canDraw }: { view: View; canDraw: boolean }) {
  const { t } = useTranslation();
  return (
    <PageTools>
      {view === 'graph' ? <GraphLegend /> : <LaneLegend />}
      <span className="flex-1" />
      {canDraw && (
        <Segments
          label={t('builds.graph.view')}
          value={view}
          onChange={(next: View) => useView.setState({ view: next })}
          options={[
            { value: 'graph', text: t('builds.graph.title') },
            { value: 'list', text: t('builds.graph.byStage') },
          ]}
        />
      )}
    </PageTools>
  );
}

function BackCrumb() {
  const { t } = useTranslation();
  return (
    <span className="-ml-1 flex items-center gap-1 font-normal text-body tracking-(--tracking-body) text-fg-3">
      <IconButton icon={ArrowLeft} label={t('builds.toBuilds')} keyHint={t('keys.esc')} onClick={back} />
      <a href="#/builds" className="no-drag rounded-1 hover:text-fg-1">
        {t('builds.title')}
      </a>
      <ChevronRight size={16} className="text-fg-4" aria-hidden />
    </span>
  );
}

function BuildHeader({ build, online }: { build: BuildDetail; online: boolean }) {
  const { t } = useTranslation();
  const { id, state, imageId } = build;
  const title = buildName(build);
  const { name, tag } = splitReference(title);
  return (
    <PageHeader
      title={
        <>
          <BackCrumb />
          <span className={online ? undefined : 'stale'}>
            <BuildGlyph build={build} />
          </span>
          <span className="overflow-hidden text-ellipsis" title={title}>
            {name}
            <span className="font-normal text-fg-3">{tag}</span>
          </span>
        </>
      }
    >
      {state !== 'running' && (
        <Button icon={Layers} disabled={imageId === undefined} onClick={() => imageId && openImage(imageId)}>
          {t('builds.openImage')}
        </Button>
      )}
      {state === 'running' ? (
        <Button icon={SquareStop} disabled={!online} onClick={() => void cancelBuild(id)}>
          {t('builds.stop')}
        </Button>
      ) : (
        <Button kind="primary" icon={RotateCw} disabled={!online} onClick={() => void buildAgain(build)}>
          {t('builds.again')}
        </Button>
      )}
      <Menu entries={buildMenu(build, online)}>
        <IconButton icon={Ellipsis} label={t('app.more')} />
      </Menu>
    </PageHeader>
  );
}

const tones: Partial<Record<BuildDetail['state'], string>> = {
  running: 'text-accent-text',
  failed: 'text-error-text',
  lost: 'text-warning-text',
};

function Facts({ build, stale }: { build: BuildDetail; stale: boolean }) {
  const { t } = useTranslation();
  const now = useKnownTime();
  const { state, startedAt, endedAt, made, cached, platform, target, folder, current, total } = build;
  const took = tookText((endedAt ?? now) - startedAt);
  const percent = cachePercent(build);
  const named = build.arguments.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`));
  return (
    <>
      <div
        className={cx(
          'flex h-7 flex-none items-center gap-4 overflow-hidden whitespace-nowrap px-4 pb-2 text-small text-fg-3',
          stale && 'stale',
        )}
      >
        <span
          className={cx('flex-none tabular-nums', tones[state])}
          title={momentText(new Date(startedAt).toISOString())}
        >
          {state === 'running' && t('builds.runningFor', { state: resultText(build), took })}
          {state === 'lost' && buildStateText(state)}
          {state !== 'running' && state !== 'lost' && t('builds.endedAfter', { state: buildStateText(state), took })}
          {endedAt !== undefined && (
            <span className="text-fg-3">
              {t('builds.comma')}
              {t('time.ago', { span: spanText(now - endedAt) })}
            </span>
          )}
        </span>
        {percent !== undefined && (
          <span className="flex-none tabular-nums">{t('builds.cachedOf', { cached, count: made, percent })}</span>
        )}
        {platform !== undefined && <span className="flex-none">{platform}</span>}
        {target !== undefined && <span className="flex-none">{t('builds.upTo', { stage: target })}</span>}
        {folder !== undefined && (
          <span className="flex flex-none items-center gap-1.5" title={folder}>
            <Folder size={16} className="text-fg-4" aria-hidden />
            {folderName(folder)}
          </span>
        )}
        {named.length > 0 && (
          <code className="mono min-w-0 overflow-hidden text-ellipsis text-caption" title={named.join('\n')}>
            {named.join(' ')}
          </code>
        )}
      </div>
      {state === 'running' && (
        <div className="flex-none px-4 pb-3">
          <ProgressBar label={buildName(build)} value={total === 0 ? undefined : (current - 1) / total} />
        </div>
      )}
    </>
  );
}
