import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Container } from '../../../electron/bridge/host.ts';
import type { StatsSample } from '../../../electron/bridge/stats.ts';
import { percentText, sizeText } from '../../host/figures.ts';
import { Chart, type ChartProps, type ChartSeries } from './chart.tsx';

const cpu: ChartSeries[] = [{ value: (sample) => sample.cpu }];
const memory: ChartSeries[] = [{ value: (sample) => sample.memory }];
const pids: ChartSeries[] = [{ value: (sample) => sample.pids }];
const networkOf = ({ network }: StatsSample) => (network === 'none' ? undefined : network);

/** A figure in large digits and what it is, small. */
function Figure({ figure, children }: { figure: string; children?: ReactNode }) {
  return (
    <>
      <span className="text-[length:var(--text-figure)] font-medium leading-(--leading-figure) tracking-[-0.02em] tabular-nums">
        {figure}
      </span>
      <span className="mr-2 overflow-hidden text-ellipsis text-small text-fg-3">{children}</span>
    </>
  );
}

export interface StatsChartsProps extends Pick<ChartProps, 'samples' | 'from' | 'to' | 'hover' | 'onHover'> {
  /** For its limits: they are told by events, and not by the samples. */
  container: Container;
  /** The sample that the figures are of. */
  last: StatsSample;
}

/** The five measures of a container. */
export function StatsCharts({ container, last: newest, ...common }: StatsChartsProps) {
  const { t } = useTranslation();
  // the first sample of a new stream has no rates: what was known stays
  const last = { ...common.samples.findLast((sample) => sample.cpu !== undefined), ...newest };
  const { memoryLimit } = container;
  const network: ChartSeries[] = useMemo(
    () => [
      { name: t('stats.received'), value: (sample) => networkOf(sample)?.received },
      { name: t('stats.sent'), value: (sample) => networkOf(sample)?.sent },
    ],
    [t],
  );
  const disk: ChartSeries[] = useMemo(
    () => [
      { name: t('stats.read'), value: (sample) => sample.disk?.read },
      { name: t('stats.written'), value: (sample) => sample.disk?.written },
    ],
    [t],
  );
  const perSecond = (bytes: number) => t('stats.perSecond', { size: sizeText(bytes) });
  return (
    <>
      <CpuChart container={container} last={last} {...common} />
      <Chart
        {...common}
        title={t('stats.memory')}
        series={memory}
        text={sizeText}
        least={1_000_000}
        limit={memoryLimit ? { value: memoryLimit, text: limitText(t, sizeText(memoryLimit)) } : undefined}
        figure={
          <Figure figure={sizeText(last.memory)}>
            {memoryLimit && <MemoryShare used={last.memory} limit={memoryLimit} />}
          </Figure>
        }
      />
      <Chart
        {...common}
        title={t('stats.network')}
        series={network}
        text={perSecond}
        least={1000}
        figure={
          last.network === 'none' ? (
            <Figure figure="">{t('stats.noNetwork')}</Figure>
          ) : (
            <>
              <Rate bytes={last.network?.received} text={(unit) => t('stats.receivedRate', { unit })} />
              <Rate bytes={last.network?.sent} text={(unit) => t('stats.sentRate', { unit })} />
            </>
          )
        }
      />
      <Chart
        {...common}
        title={t('stats.disk')}
        series={disk}
        text={perSecond}
        least={1000}
        figure={
          <>
            <Rate bytes={last.disk?.read} text={(unit) => t('stats.readRate', { unit })} />
            <Rate bytes={last.disk?.written} text={(unit) => t('stats.writtenRate', { unit })} />
          </>
        }
      />
      <Chart
        {...common}
        className="col-span-2"
        title={t('stats.processes')}
        series={pids}
        text={countText}
        least={4}
        figure={<Figure figure={String(last.pids)}>{t('stats.processesText', { count: last.pids })}</Figure>}
      />
    </>
  );
}

const countText = (count: number) => String(Math.round(count));

type Translate = TFunction;
const limitText = (t: Translate, limit: string) => t('stats.limit', { limit });

function CpuChart({ container, last, ...common }: StatsChartsProps) {
  const { t } = useTranslation();
  const peak = common.samples.reduce((most, sample) => Math.max(most, sample.cpu ?? 0), 0);
  const { cpuLimit } = container;
  return (
    <Chart
      {...common}
      title={t('stats.cpu')}
      series={cpu}
      text={percentText}
      least={10}
      limit={cpuLimit ? { value: cpuLimit, text: limitText(t, percentText(cpuLimit)) } : undefined}
      figure={
        <Figure figure={last.cpu === undefined ? '–' : percentText(last.cpu)}>
          {t('stats.ofCores', { count: last.cores, peak: percentText(peak) })}
        </Figure>
      }
    />
  );
}

function MemoryShare({ used, limit }: { used: number; limit: number }) {
  const { t } = useTranslation();
  return t('stats.ofLimit', { share: percentText((used / limit) * 100), limit: sizeText(limit) });
}

/** A rate with its digits large, and its unit with what it is in small. */
function Rate({ bytes, text }: { bytes: number | undefined; text: (unit: string) => string }) {
  const [digits = '', unit = ''] = sizeText(bytes ?? 0).split(' ');
  return <Figure figure={bytes === undefined ? '–' : digits}>{text(unit)}</Figure>;
}
