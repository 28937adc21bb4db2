import type { StatsSample } from '../../../electron/bridge/stats.ts';

/** Milliseconds without a sample that show as a gap. */
const GAP = 3500;

/** Columns as uPlot takes them: seconds, then one column for each series; null is a gap. */
export type Columns = [number[], ...(number | null)[][]];

/** The samples of a span, in columns. Where none came for a while stands an empty row, so that no line joins both sides. */
export function columnsOf(
  samples: readonly StatsSample[],
  from: number,
  values: readonly ((sample: StatsSample) => number | undefined)[],
): Columns {
  const columns: Columns = [[], ...values.map((): (number | null)[] => [])];
  const [times, ...series] = columns;
  let last: number | undefined;
  for (const sample of samples) {
    if (sample.time < from) continue;
    if (last !== undefined && sample.time - last > GAP) {
      times.push((last + sample.time) / 2000);
      for (const column of series) column.push(null);
    }
    times.push(sample.time / 1000);
    for (const [index, value] of values.entries()) series[index]?.push(value(sample) ?? null);
    last = sample.time;
  }
  return columns;
}

/** The largest value that is shown; 0 when there is none. */
export function peakOf([, ...series]: Columns): number {
  return series.flat().reduce<number>((peak, value) => Math.max(peak, value ?? 0), 0);
}

/** A round end of an axis, so that its half is round as well: 1, 2, 4, 6 or 10 of a power of ten, at least `least`. */
export function axisEnd(peak: number, least: number): number {
  const wanted = Math.max(peak, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 4, 6, 10].find((each) => each * power >= wanted * 0.9999) ?? 10;
  return step * power;
}

/** The sample nearest to a moment; undefined when none is near. */
export function nearest(samples: readonly StatsSample[], time: number): StatsSample | undefined {
  let best: StatsSample | undefined;
  for (const sample of samples) {
    if (!best || Math.abs(sample.time - time) < Math.abs(best.time - time)) best = sample;
  }
  return best && Math.abs(best.time - time) <= GAP ? best : undefined;
}
