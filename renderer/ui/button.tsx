import type { LucideIcon } from 'lucide-react';
import type { ButtonHTMLAttributes, Ref } from 'react';
import { cx } from './class-names.ts';
import { KeyHint } from './key-hint.tsx';
import { Spinner } from './spinner.tsx';
import { Tooltip } from './tooltip.tsx';
import { useDelayed } from './use-delayed.ts';

type Kind = 'normal' | 'primary' | 'danger' | 'quiet';
type Size = 'small' | 'normal' | 'large';

const kinds: Record<Kind, string> = {
  normal:
    'bg-surface-2 text-fg-1 shadow-[inset_0_0_0_1px_var(--border-2),var(--shadow-control)] enabled:hover:bg-[linear-gradient(var(--fill-hover),var(--fill-hover))] enabled:active:bg-[linear-gradient(var(--fill-active),var(--fill-active))] dark:bg-surface-3 dark:shadow-[inset_0_0_0_1px_var(--border-1),var(--shadow-control)]',
  primary: 'bg-accent-solid text-on-accent enabled:hover:bg-accent-hover enabled:active:bg-accent-active',
  danger: 'bg-danger-solid text-on-danger enabled:hover:bg-danger-hover',
  quiet: 'text-fg-2 enabled:hover:bg-fill-hover enabled:active:bg-fill-active',
};
const sizes: Record<Size, string> = { small: 'h-6 text-small', normal: 'h-7', large: 'h-8' };
const paddings: Record<Size, string> = { small: 'px-2', normal: 'px-3', large: 'px-4' };

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: Kind;
  size?: Size;
  icon?: LucideIcon;
  /** The work this button started is under way: it cannot be pressed, and after 150 ms it shows a spinner. */
  busy?: boolean;
  keyHint?: string;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ kind = 'normal', size = 'normal', icon: Icon, busy = false, keyHint, ...rest }: ButtonProps) {
  const spin = useDelayed(busy, 150);
  const { className, children, disabled, ...props } = rest;
  const coloured = kind === 'primary' || kind === 'danger';
  const iconClass = cx('-ml-0.5', coloured || kind === 'quiet' ? undefined : 'text-fg-3');
  return (
    <button
      type="button"
      {...props}
      aria-busy={busy || undefined}
      disabled={disabled || busy}
      className={cx(
        'no-drag inline-flex flex-none items-center justify-center gap-1.5 whitespace-nowrap rounded-2 font-medium transition-colors duration-(--duration-instant) disabled:opacity-(--opacity-disabled)',
        kinds[kind],
        sizes[size],
        kind === 'quiet' ? 'px-2' : paddings[size],
        className,
      )}
    >
      {spin ? <Spinner className={iconClass} /> : Icon && <Icon size={16} className={iconClass} aria-hidden />}
      {children}
      {keyHint && <KeyHint keys={keyHint} onColour={coloured} />}
    </button>
  );
}

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: LucideIcon;
  /** Its name for assistive technology, shown as tooltip as well. */
  label: string;
  small?: boolean;
  /** For a button that switches something on. */
  pressed?: boolean;
  busy?: boolean;
  keyHint?: string;
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton({ icon: Icon, label, small, pressed, busy = false, keyHint, ...rest }: IconButtonProps) {
  const spin = useDelayed(busy, 150);
  const { className, disabled, ...props } = rest;
  return (
    <Tooltip text={label} keyHint={keyHint}>
      <button
        type="button"
        {...props}
        aria-label={label}
        aria-pressed={pressed}
        aria-busy={busy || undefined}
        disabled={disabled || busy}
        className={cx(
          'no-drag inline-grid flex-none place-items-center rounded-2 text-fg-3 transition-colors duration-(--duration-instant) enabled:hover:bg-fill-active enabled:hover:text-fg-1 disabled:opacity-(--opacity-disabled) aria-pressed:bg-fill-selected aria-pressed:text-fg-1 data-[state=open]:bg-fill-active',
          small ? 'size-6' : 'size-7',
          className,
        )}
      >
        {spin ? <Spinner /> : <Icon size={16} aria-hidden />}
      </button>
    </Tooltip>
  );
}
