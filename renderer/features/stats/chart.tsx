import { lazy, type PointerEvent, type ReactNode, Suspense, useMemo } from 'react';
import type { StatsSample } from '../../../electron/bridge/stats.ts';
import { clockText } from '../../host/figures.ts';
import { axisEnd, columnsOf, nearest, peakOf } from './chart-data.ts';

/** Drawn by a library that nothing else needs: loaded when the first chart is shown. */
const Plot = lazy(() => import('./plot.tsx'));

export interface ChartSeries {
  /** Left out where the chart's title says it. */
  readonly name?: string;
  readonly value: (sample: StatsSample) => number | undefined;
}

export interface ChartLimit {
  readonly value: number;
  readonly text: string;
}

export interface ChartProps {
  title: string;
  /** One or two; a function of a sample is the same over time. */
  series: readonly ChartSeries[];
  /** The present figures, above the lines. */
  figure: ReactNode;
  /** A value with its unit. */
  text: (value: number) => string;
  /** The value axis reaches at least so far. */
  least: number;
  limit?: ChartLimit | undefined;
  samples: readonly StatsSample[];
  /** Milliseconds since the epoch: the ends of the time axis. */
  from: number;
  to: number;
  /** The moment under the crosshair that all charts share. */
  hover: number | undefined;
  onHover: (time: number | undefined) => void;
  className?: string;
}

const colours = ['--chart-1', '--chart-2'] as const;

/** One measure over time: title, present figure, lines with three ticks, and the crosshair's own figure. */
export function Chart(props: ChartProps) {
  const { title, series, samples, from, to, least, limit, hover, text } = props;
  const columns = useMemo(
    () =>
      columnsOf(
        samples,
        from,
        series.map(({ value }) => value),
      ),
    [samples, from, series],
  );
  const top = axisEnd(Math.max(peakOf(columns), limit?.value ?? 0), least);
  const at = hover === undefined ? undefined : nearest(samples, hover);
  const move = (event: PointerEvent<HTMLDivElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    props.onHover(from + ((event.clientX - left) / width) * (to - from));
  };
  return (
    <section aria-label={title} className={`flex min-h-0 flex-col ${props.className ?? ''}`}>
      <header className="flex h-6 flex-none items-baseline gap-2 whitespace-nowrap">
        <h3 className="flex-1 font-semibold">{title}</h3>
        <ChartKey at={at} series={series} text={text} />
      </header>
      <div className="mb-3 flex h-7 flex-none items-baseline gap-2 overflow-hidden whitespace-nowrap">
        {props.figure}
      </div>
      <div className="flex min-h-0 flex-1">
        <ValueAxis top={top} text={text} />
        <div className="flex min-w-0 flex-1 flex-col">
          <div
            className="relative min-h-0 flex-1 border-(--chart-axis) border-b"
            onPointerMove={move}
            onPointerLeave={() => props.onHover(undefined)}
          >
            <div className="absolute inset-x-0 top-0 border-(--chart-grid) border-t" />
            <div className="absolute inset-x-0 top-1/2 border-(--chart-grid) border-t" />
            <Suspense>
              <Plot columns={columns} from={from / 1000} to={to / 1000} top={top} colours={coloursOf(series)} />
            </Suspense>
            {at && at.time >= from && (
              <Crosshair at={at} series={series} left={(at.time - from) / (to - from)} top={top} />
            )}
            {limit && <LimitLine limit={limit} top={top} />}
          </div>
          <TimeAxis from={from} to={to} />
        </div>
      </div>
    </section>
  );
}

const one = [colours[0]];
const coloursOf = (series: readonly ChartSeries[]) => (series.length === 1 ? one : colours);

/** Names the lines where there are two, and tells the values under the crosshair. */
function ChartKey({ at, series, text }: { at: StatsSample | undefined } & Pick<ChartProps, 'series' | 'text'>) {
  const told = (value: number | undefined) => (value === undefined ? '' : text(value));
  return (
    <div className="flex items-baseline gap-2 text-small tabular-nums text-fg-3">
      {at && <span className="text-fg-4">{clockText(at.time)}</span>}
      {series.map(({ name, value }, index) => (
        <span key={colours[index]} className="inline-flex items-baseline gap-1.5">
          {name && <LineSign index={index} />}
          {name}
          {at && <span className="text-fg-2">{told(value(at))}</span>}
        </span>
      ))}
    </div>
  );
}

/** A piece of the line, as it is drawn: the second one dashed. */
function LineSign({ index }: { index: number }) {
  return (
    <svg width="14" height="8" viewBox="0 0 14 8" aria-hidden className="self-center">
      <path
        d="M0 4H14"
        stroke={`var(${colours[index]})`}
        strokeWidth="2"
        strokeDasharray={index > 0 ? '4 2' : undefined}
      />
    </svg>
  );
}

function ValueAxis({ top, text }: Pick<ChartProps, 'text'> & { top: number }) {
  const labels = [text(top), text(top / 2), '0'];
  return (
    <div className="relative mb-5 w-14 flex-none text-caption leading-4 tabular-nums text-fg-4" aria-hidden>
      {labels.map((label, index) => (
        <span
          key={label}
          className="absolute right-2 -translate-y-1/2 whitespace-nowrap"
          style={{ top: `${index * 50}%` }}
        >
          {label}
        </span>
      ))}
    </div>
  );
}

function TimeAxis({ from, to }: { from: number; to: number }) {
  return (
    <div
      className="flex h-5 flex-none items-end justify-between text-caption leading-4 tabular-nums text-fg-4"
      aria-hidden
    >
      {[from, (from + to) / 2, to].map((time) => (
        <span key={time}>{clockText(time)}</span>
      ))}
    </div>
  );
}

function LimitLine({ limit, top }: { limit: ChartLimit; top: number }) {
  return (
    <div
      className="pointer-events-none absolute inset-x-0 border-fg-4 border-t-2 border-dotted"
      style={{ bottom: `${(limit.value / top) * 100}%` }}
    >
      <span
        className={`absolute right-1 bg-surface-1 px-1 text-caption leading-4 text-fg-4 ${limit.value / top > 0.85 ? 'top-0.5' : 'bottom-1'}`}
      >
        {limit.text}
      </span>
    </div>
  );
}

interface CrosshairProps {
  at: StatsSample;
  series: readonly ChartSeries[];
  /** Share of the width. */
  left: number;
  top: number;
}

function Crosshair({ at, series, left, top }: CrosshairProps) {
  return (
    <div
      data-testid="crosshair"
      className="pointer-events-none absolute inset-y-0 w-px bg-fg-4"
      style={{ left: `${left * 100}%` }}
    >
      {series.map(({ value }, index) => {
        const figure = value(at);
        return (
          figure !== undefined && (
            <span
              key={colours[index]}
              className="absolute -left-[3px] size-[7px] translate-y-1/2 rounded-full shadow-[0_0_0_1.5px_var(--surface-1)]"
              style={{ bottom: `${(figure / top) * 100}%`, background: `var(${colours[index]})` }}
            />
          )
        );
      })}
    </div>
  );
}
