import { HEIGHT, type SparklineProps, sparkPath, WIDTH } from './spark-path.ts';

/** A small line beside a figure, which it only repeats; amber when `hot`, left out where the list is narrow. */
export function Sparkline({ hot, ...props }: SparklineProps & { hot: boolean }) {
  return (
    <svg
      aria-hidden
      width={WIDTH}
      height={HEIGHT}
      data-hot={hot || undefined}
      className="list-wide flex-none overflow-visible fill-none stroke-(--spark) [stroke-linejoin:round] [stroke-width:1.25] data-hot:stroke-warning-solid"
    >
      <path d={sparkPath(props)} />
    </svg>
  );
}
