import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../electron/bridge/failure.ts';
import type { EngineState } from '../../electron/bridge/host.ts';
import { Banner, SentenceGap } from '../ui/banner.tsx';
import { Button } from '../ui/button.tsx';
import { navigate } from '../ui/hash-route.ts';
import { type BarColumns, LoadingBars, PageMessage } from '../ui/page-states.tsx';
import { useDelayed } from '../ui/use-delayed.ts';
import { useNow } from '../ui/use-now.ts';
import { call } from './bridge-client.ts';
import { failureText } from './failure-text.ts';
import { clockText } from './figures.ts';
import { useHost } from './host-store.ts';
import { copyFailure, noticeFailed } from './notices.ts';

/** The engine answers, so that something can be asked of it. */
export function useOnline(): boolean {
  return useHost((state) => state.engine?.phase === 'running' && state.lost === undefined);
}

/** Now, second by second; while the engine is away the moment it was lost, so that ages stand still. */
export function useKnownTime(): number {
  const now = useNow(1000);
  const online = useOnline();
  const since = useHost((state) => state.engine?.since);
  return online || since === undefined ? now : since;
}

/** Starts the engine that failed or waits, at once. */
export async function restartEngine(): Promise<void> {
  const outcome = await call('engine.restart', undefined);
  if (!outcome.ok) noticeFailed(() => i18next.t('engine.notStarted'), outcome.failure);
}

function EngineButtons({ engine, label }: { engine: EngineState; label: string }) {
  const { t } = useTranslation();
  return (
    <>
      <Button size="small" onClick={() => void restartEngine()}>
        {label}
      </Button>
      <Button size="small" kind="quiet" onClick={() => navigate('/settings/engine')}>
        {t('engine.log')}
      </Button>
      {engine.phase === 'failed' && engine.reason && <CopyError failure={engine.reason} />}
    </>
  );
}

function CopyError({ failure }: { failure: Failure }) {
  const { t } = useTranslation();
  return (
    <Button size="small" kind="quiet" onClick={() => void copyFailure(failure)}>
      {t('engine.copyError')}
    </Button>
  );
}

function Countdown({ engine }: { engine: EngineState }) {
  const { t } = useTranslation();
  const now = useNow(250);
  const left = engine.nextTryAt === undefined ? 0 : Math.ceil((engine.nextTryAt - now) / 1000);
  return (
    <span className="whitespace-nowrap text-small tabular-nums text-fg-2">
      {left > 0
        ? t('engine.nextTry', { count: engine.attempt + 1, ordinal: true, seconds: left })
        : t('engine.tryingNow')}
    </span>
  );
}

export interface EngineBannerProps {
  /** What the page still shows while the engine is away: a list, something else of the engine's, or nothing of it. */
  shows?: 'list' | 'page' | 'nothing';
}

/** The page's banner while the engine is away. Nothing while it runs. */
export function EngineBanner({ shows = 'list' }: EngineBannerProps) {
  const { t } = useTranslation();
  const engine = useHost((state) => state.engine);
  const listed = useHost((state) => state.listed);
  const startsLong = useDelayed(engine?.phase === 'starting', 300);
  if (!engine || engine.phase === 'running') return null;
  if (engine.phase === 'starting') {
    return startsLong ? (
      <Banner tone="info" busy title={t('engine.startingTitle')}>
        {shows === 'list' && t('engine.startingText')}
      </Banner>
    ) : null;
  }
  const known =
    shows !== 'nothing' && t(shows === 'list' ? 'engine.knownAt' : 'engine.shownAt', { time: clockText(engine.since) });
  if (engine.phase === 'reconnecting') {
    return (
      <Banner
        tone="warning"
        busy
        title={t('engine.againTitle')}
        actions={
          <>
            <Countdown engine={engine} />
            <EngineButtons engine={engine} label={t('engine.tryNow')} />
          </>
        }
      >
        {t('engine.keepRunning')}
        <SentenceGap />
        {listed && known}
      </Banner>
    );
  }
  if (!listed) return null;
  return (
    <Banner
      tone={engine.phase === 'failed' ? 'error' : 'warning'}
      title={t(engine.phase === 'failed' ? 'engine.failedSentence' : 'engine.stoppedSentence')}
      actions={<EngineButtons engine={engine} label={t(engine.phase === 'failed' ? 'engine.retry' : 'engine.start')} />}
    >
      {engine.reason ? failureText(engine.reason) : known}
    </Banner>
  );
}

/** What stands in a list's place until the engine has told its content for the first time. */
export function EngineInsteadOfList({ bars }: { bars?: BarColumns }) {
  const { t } = useTranslation();
  const engine = useHost((state) => state.engine);
  const lost = useHost((state) => state.lost);
  const reason = engine?.reason ?? lost;
  const failed = engine?.phase === 'failed' || (!engine && lost !== undefined);
  if (!failed && engine?.phase !== 'stopped')
    return <LoadingBars label={t('app.loading')} {...(bars && { columns: bars })} />;
  return (
    <PageMessage
      failed={failed}
      title={t(failed ? 'engine.failedTitle' : 'engine.stoppedTitle')}
      text={reason && failed ? failureText(reason) : t('engine.stoppedText')}
      actions={<Button onClick={() => void restartEngine()}>{t(failed ? 'engine.retry' : 'engine.start')}</Button>}
      below={
        <>
          <a className="text-link hover:underline" href="#/settings/engine">
            {t('engine.log')}
          </a>
          {reason && (
            <button type="button" className="text-link hover:underline" onClick={() => void copyFailure(reason)}>
              {t('engine.copyError')}
            </button>
          )}
        </>
      }
    />
  );
}
