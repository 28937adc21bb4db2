export interface SparklineProps {
  /** Time in milliseconds, oldest first, and a value; undefined where none is known. */
  points: readonly (readonly [number, number | undefined])[];
  /** Milliseconds from the left edge to the last point. */
  span: number;
  /** The line's top is at least this value; its foot is 0. */
  least: number;
}

/** Of the picture, in pixels. */
export const WIDTH = 56;
export const HEIGHT = 16;

/** The path of a line, straight from point to point. Pure. */
export function sparkPath({ points, span, least }: SparklineProps): string {
  const known = points.filter((point): point is readonly [number, number] => point[1] !== undefined);
  const to = known.at(-1)?.[0] ?? 0;
  const top = known.reduce((most, [, value]) => Math.max(most, value), least) * 1.15;
  const place = ([time, value]: readonly [number, number]) =>
    `${(WIDTH * (1 - (to - time) / span)).toFixed(1)} ${(HEIGHT * (1 - value / top)).toFixed(1)}`;
  return known.length < 2 ? '' : `M${known.map(place).join('L')}`;
}
