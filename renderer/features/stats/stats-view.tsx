import { type KeyboardEvent, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
import type { Container } from '../../../electron/bridge/host.ts';
import type { StatsSample } from '../../../electron/bridge/stats.ts';
import { startOrStop, useBusy } from '../../host/container-actions.ts';
import { isActive } from '../../host/container-state.ts';
import { useOnline } from '../../host/engine-view.tsx';
import { failureText } from '../../host/failure-text.ts';
import { type StatsHistory, useStatsOf } from '../../host/stats-store.ts';
import { Button } from '../../ui/button.tsx';
import { LoadingBars, PageMessage } from '../../ui/page-states.tsx';
import { StatsCharts } from './stats-charts.tsx';

/** Milliseconds that the charts show at least. */
const LEAST_SPAN = 60_000;
const minutes = [1, 5, 10] as const;

/** Outlives the tab: whoever comes back finds the range as it was. */
const useRange = create<{ minutes: number }>()(() => ({ minutes: 5 }));

/** What a container uses, as charts over the last minutes. */
export function StatsView({ container }: { container: Container }) {
  const online = useOnline();
  const active = isActive(container);
  const [attempt, setAttempt] = useState(0);
  return (
    <Watched
      key={`${container.id} ${attempt}`}
      container={container}
      live={active && online}
      again={() => setAttempt((old) => old + 1)}
    />
  );
}

function Watched({ container, live, again }: { container: Container; live: boolean; again: () => void }) {
  const history = useStatsOf(container.id, true);
  const range = useRange((state) => state.minutes) * 60_000;
  const last = history.samples.at(-1);
  if (!last) return <NoSamples container={container} history={history} again={again} />;
  return (
    <>
      <RangeBar live={live} />
      <Charts container={container} last={last} samples={history.samples} range={range} live={live} />
    </>
  );
}

function RangeBar({ live }: { live: boolean }) {
  const { t } = useTranslation();
  const range = useRange((state) => state.minutes);
  const online = useOnline();
  return (
    <div className="flex h-11 flex-none items-center gap-2 px-4 pt-2 pb-1">
      <fieldset aria-label={t('stats.range')} className="-ml-2 inline-flex flex-none gap-0.5">
        {minutes.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === range}
            onClick={() => useRange.setState({ minutes: each })}
            className="flex h-6 items-center whitespace-nowrap rounded-2 px-2 text-small text-fg-3 hover:bg-fill-hover aria-pressed:bg-fill-selected aria-pressed:font-medium aria-pressed:text-fg-1"
          >
            {t('time.minutes', { n: each })}
          </button>
        ))}
      </fieldset>
      <span className="flex-1" />
      <span className="text-small text-fg-4">{live ? t('stats.kept') : online ? t('stats.stopped') : ''}</span>
    </div>
  );
}

interface ChartsProps {
  container: Container;
  last: StatsSample;
  samples: readonly StatsSample[];
  range: number;
  live: boolean;
}

/** The charts with their common time and crosshair, which the arrow keys move as well. */
function Charts({ container, last, samples, range, live }: ChartsProps) {
  const { t } = useTranslation();
  const [hover, setHover] = useState<number>();
  // a young history has the whole width: the axis grows with it up to the range
  const age = last.time - (samples[0]?.time ?? last.time);
  const from = last.time - Math.min(range, Math.max(LEAST_SPAN, age));
  const shown = useMemo(() => samples.filter(({ time }) => time >= from), [samples, from]);
  const step = (by: number) => {
    const at = hover === undefined ? shown.length : shown.findIndex(({ time }) => time >= hover);
    setHover(shown[Math.max(0, Math.min(shown.length - 1, at + by))]?.time);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowLeft') step(-1);
    else if (event.key === 'ArrowRight') step(1);
    else if (event.key === 'Escape' && hover !== undefined) setHover(undefined);
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for the controls of a form
    <div
      role="group"
      aria-label={t('stats.charts')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the crosshair
      tabIndex={0}
      onKeyDown={press}
      className={`grid min-h-0 flex-1 auto-rows-[minmax(204px,1fr)] grid-cols-2 gap-x-8 gap-y-4 overflow-y-auto px-4 pt-2 pb-3 -outline-offset-2 ${live ? '' : 'stale'}`}
    >
      <StatsCharts {...{ container, last, samples: shown, from, hover, onHover: setHover }} to={last.time} />
    </div>
  );
}

interface NoSamplesProps {
  container: Container;
  history: StatsHistory;
  again: () => void;
}

function NoSamples({ container, history, again }: NoSamplesProps) {
  const { t } = useTranslation();
  const online = useOnline();
  const busy = useBusy((state) => state[container.id]);
  if (history.failure) {
    return (
      <PageMessage
        failed
        title={t('stats.failed')}
        text={failureText(history.failure)}
        actions={<Button onClick={again}>{t('app.tryAgain')}</Button>}
      />
    );
  }
  if (isActive(container)) return <LoadingBars label={t('app.loading')} />;
  return (
    <PageMessage
      title={t('stats.idle')}
      text={t('stats.idleText')}
      actions={
        <Button disabled={!online} busy={busy === 'start'} onClick={() => void startOrStop(container)}>
          {t('containers.start')}
        </Button>
      }
    />
  );
}
