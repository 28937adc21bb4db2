import { Check } from 'lucide-react';
import { cx } from './class-names.ts';

export interface CheckMarkProps {
  checked: boolean;
  className?: string;
}

/** The mark alone, for a row that is itself the control. */
export function CheckMark({ checked, className }: CheckMarkProps) {
  return (
    <span
      aria-hidden="true"
      className={cx(
        'grid size-3.5 flex-none place-items-center rounded-1',
        checked
          ? 'bg-accent-solid text-on-accent'
          : 'bg-surface-2 shadow-[inset_0_0_0_1px_var(--border-3)] dark:bg-transparent',
        className,
      )}
    >
      {checked && <Check size={10} strokeWidth={3.5} className="[stroke-width:3.5]!" />}
    </span>
  );
}

export interface CheckboxProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: string;
}

export function Checkbox({ checked, onChange, label }: CheckboxProps) {
  return (
    <label className="flex items-center gap-2">
      <input
        type="checkbox"
        className="peer sr-only"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      <CheckMark
        checked={checked}
        className="peer-focus-visible:outline-2 peer-focus-visible:outline-offset-1 peer-focus-visible:outline-(--focus-color)"
      />
      <span>{label}</span>
    </label>
  );
}
