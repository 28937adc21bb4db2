import type { StatsSample } from '../../../electron/bridge/stats.ts';
import { percentText, sizeText } from '../../host/figures.ts';
import { useStatsOf } from '../../host/stats-store.ts';
import { usePageShown } from '../../ui/use-page-shown.ts';
import { Sparkline } from './sparkline.tsx';

/** Milliseconds that a sparkline shows. */
const SPAN = 60_000;

/** Share of its limit from which on a container's use is drawn in amber. */
const HOT = 0.8;

const measures = {
  cpu: { value: (sample: StatsSample) => sample.cpu, text: percentText, least: 10 },
  memory: { value: (sample: StatsSample) => sample.memory, text: sizeText, least: 1_000_000 },
} as const;

export interface UseCellProps {
  id: string;
  of: keyof typeof measures;
  /** It runs and is seen: new samples come. */
  on: boolean;
  /** In the measure's unit; none when undefined. */
  limit: number | undefined;
}

/** What a container uses now, and of the last minute a line where there is room. */
export function UseCell({ id, of, on, limit }: UseCellProps) {
  const shown = usePageShown();
  const { samples } = useStatsOf(id, on && shown, false);
  const { value, text, least } = measures[of];
  // the first sample of a new stream has no rates: what was known stays
  const last = samples.findLast((sample) => value(sample) !== undefined);
  const now = last && value(last);
  if (!last || now === undefined) return <span className="text-small text-fg-4">–</span>;
  const hot = limit !== undefined && now >= limit * HOT;
  const recent = samples.filter(({ time }) => time >= last.time - SPAN);
  return (
    <span
      className={`flex items-center justify-end gap-2 text-small tabular-nums ${hot ? 'text-warning-text' : 'text-fg-1'}`}
    >
      <Sparkline points={recent.map((sample) => [sample.time, value(sample)])} span={SPAN} least={least} hot={hot} />
      {/* of one width, so that the lines stand below each other */}
      <span className="w-13 flex-none">{text(now)}</span>
    </span>
  );
}
