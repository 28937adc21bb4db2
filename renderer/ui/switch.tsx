import { cx } from './class-names.ts';

export interface SwitchProps {
  on: boolean;
  onChange: (on: boolean) => void;
  label: string;
  disabled?: boolean;
}

/** On or off, at once: 28 × 16. */
export function Switch({ on, onChange, label, disabled }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      disabled={disabled}
      onClick={() => onChange(!on)}
      className={cx(
        'relative h-4 w-7 flex-none rounded-full transition-colors duration-(--duration-fast) disabled:opacity-(--opacity-disabled)',
        on ? 'bg-accent-solid' : 'bg-line-3',
      )}
    >
      <span
        aria-hidden="true"
        className={cx(
          'absolute top-0.5 size-3 rounded-full bg-[#fff] transition-[left] duration-(--duration-fast)',
          on ? 'left-3.5' : 'left-0.5',
        )}
      />
    </button>
  );
}
