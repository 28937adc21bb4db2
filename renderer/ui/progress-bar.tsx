import { cx } from './class-names.ts';

export interface ProgressBarProps {
  /** Between 0 and 1; without one the end is unknown and a third travels. */
  value?: number | undefined;
  label: string;
  /** Nothing moves: it ended, waits or was paused. */
  still?: boolean;
}

/** 4 px. */
export function ProgressBar({ value, label, still = false }: ProgressBarProps) {
  const percent = value === undefined ? undefined : Math.round(Math.min(1, Math.max(0, value)) * 100);
  const colour = still ? 'bg-line-3' : 'bg-accent-mark';
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      className="h-1 overflow-hidden rounded-full bg-surface-3"
    >
      {percent === undefined ? (
        !still && <div className="travel h-full w-1/3 rounded-full bg-accent-mark" />
      ) : (
        <div
          className={cx('h-full rounded-full transition-[width] duration-(--duration-slow)', colour)}
          style={{ width: `${percent}%` }}
        />
      )}
    </div>
  );
}
