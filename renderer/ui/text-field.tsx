import { CircleAlert, type LucideIcon, Search, X } from 'lucide-react';
import { type InputHTMLAttributes, type KeyboardEvent, type ReactNode, type Ref, useId } from 'react';
import { cx } from './class-names.ts';
import { KeyHint } from './key-hint.tsx';

const box =
  'no-drag flex h-7 min-w-0 items-center gap-1.5 rounded-2 bg-surface-2 px-2 shadow-[inset_0_0_0_1px_var(--border-2)] focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-(--focus-color) dark:bg-surface-0 [[role=dialog]_&]:dark:bg-surface-1';

/**
 * Runs once the focus has arrived where it goes. A dialog takes the focus to itself when something in it vanishes while
 * nothing has the focus, which is so during `blur`.
 */
export function afterBlur(run: () => void): () => void {
  return () => void setTimeout(run);
}

export interface TextInputProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> {
  value: string;
  onChange: (value: string) => void;
  icon?: LucideIcon;
  iconSize?: 14 | 16;
  /** The end of the box: a fact, a unit. */
  end?: ReactNode;
  bad?: boolean;
  mono?: boolean;
  ref?: Ref<HTMLInputElement>;
}

export function TextInput({
  value,
  onChange,
  icon: Icon,
  iconSize = 16,
  end,
  bad,
  mono,
  className,
  ...props
}: TextInputProps) {
  return (
    <div
      className={cx(
        box,
        bad && 'shadow-[inset_0_0_0_1px_var(--error-solid)] focus-within:outline-error-solid',
        className,
      )}
    >
      {Icon && <Icon size={iconSize} className="text-fg-4" aria-hidden />}
      <input
        {...props}
        value={value}
        aria-invalid={bad || undefined}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
        className={cx(
          'h-full w-full min-w-0 flex-1 bg-transparent text-fg-1 outline-none',
          mono && 'mono text-code placeholder:font-ui placeholder:text-body',
        )}
      />
      {end}
    </div>
  );
}

export interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** One sentence, with the button that mends it when there is one. */
  error?: ReactNode;
  children: (ids: { id: string; 'aria-describedby': string | undefined }) => ReactNode;
}

/** One line of a form: the label in a column of 104, the control, below it the hint or the error. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const below = error || hint ? `${id}-below` : undefined;
  return (
    <div className="mb-3 grid grid-cols-[104px_minmax(0,1fr)] items-start gap-x-4">
      <label htmlFor={id} className="leading-7 text-fg-3">
        {label}
      </label>
      <div>
        {children({ id, 'aria-describedby': below })}
        {error ? (
          <div id={below} role="alert" className="mt-1 flex items-center gap-1.5 text-small leading-5 text-error-text">
            <CircleAlert size={14} aria-hidden />
            {error}
          </div>
        ) : (
          hint && (
            <div id={below} className="mt-1 text-small text-fg-4">
              {hint}
            </div>
          )
        )}
      </div>
    </div>
  );
}

export interface SearchBoxProps {
  value: string;
  onChange: (value: string) => void;
  placeholder: string;
  clearLabel: string;
  /** The key that leads here, shown while the box is empty. */
  keyHint?: string;
  end?: ReactNode;
  onKeyDown?: (event: KeyboardEvent<HTMLInputElement>) => void;
  className?: string;
  ref?: Ref<HTMLInputElement>;
}

/** Esc empties it, a second Esc leaves it. */
export function SearchBox({ value, onChange, placeholder, clearLabel, keyHint, end, ...rest }: SearchBoxProps) {
  const { className, onKeyDown, ref } = rest;
  return (
    <TextInput
      ref={ref}
      value={value}
      onChange={onChange}
      icon={Search}
      iconSize={14}
      placeholder={placeholder}
      aria-label={placeholder}
      className={className ?? 'w-58'}
      onKeyDown={(event) => {
        onKeyDown?.(event);
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        if (value === '') event.currentTarget.blur();
        else onChange('');
      }}
      end={
        value === '' ? (
          keyHint && <KeyHint keys={keyHint} />
        ) : (
          <>
            {end}
            <button
              type="button"
              aria-label={clearLabel}
              className="rounded-1 text-fg-4 hover:text-fg-1"
              onClick={() => onChange('')}
            >
              <X size={14} aria-hidden />
            </button>
          </>
        )
      }
    />
  );
}
