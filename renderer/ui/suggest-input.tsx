import type { LucideIcon } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, type Ref, useId, useState } from 'react';
import { cx } from './class-names.ts';
import { afterBlur, TextInput } from './text-field.tsx';

export interface Suggestion {
  value: string;
  /** A fact at the end of its line. */
  fact?: string;
}

export interface SuggestInputProps {
  id: string;
  value: string;
  onChange: (value: string) => void;
  suggestions: readonly Suggestion[];
  icon?: LucideIcon;
  end?: ReactNode;
  bad?: boolean;
  placeholder?: string;
  listLabel: string;
  'aria-describedby'?: string | undefined;
  ref?: Ref<HTMLInputElement>;
}

const shownOf = (all: readonly Suggestion[], text: string) => {
  const found = all.filter((each) => each.value.toLowerCase().includes(text.trim().toLowerCase()));
  return (found.some((each) => each.value === text) ? all : found).slice(0, 8);
};

/** A field with what is known offered below it; other text is taken as well. */
export function SuggestInput({ value, onChange, suggestions, listLabel, ...rest }: SuggestInputProps) {
  const base = useId();
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const shown = shownOf(suggestions, value);
  const visible = open && shown.length > 0;
  const take = (text: string) => {
    onChange(text);
    setOpen(false);
    setAt(-1);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setOpen(true);
      setAt((now) => Math.max(0, Math.min(shown.length - 1, now + (event.key === 'ArrowDown' ? 1 : -1))));
    } else if (event.key === 'Enter' && visible && !event.ctrlKey && !event.metaKey) {
      const chosen = shown[at];
      if (!chosen) return;
      event.preventDefault();
      take(chosen.value);
    } else if (event.key === 'Escape' && visible) {
      event.stopPropagation();
      event.preventDefault();
      setOpen(false);
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the field inside
    <div className="relative" onKeyDown={press} onBlur={afterBlur(() => setOpen(false))}>
      <TextInput
        {...rest}
        value={value}
        onChange={(text) => {
          onChange(text);
          setOpen(true);
          setAt(-1);
        }}
        onClick={() => setOpen(true)}
        role="combobox"
        aria-expanded={visible}
        aria-controls={`${base}-list`}
        aria-activedescendant={visible && at >= 0 ? `${base}-${at}` : undefined}
        aria-autocomplete="list"
      />
      {visible && (
        <div
          id={`${base}-list`}
          role="listbox"
          aria-label={listLabel}
          className="enter-pop absolute inset-x-0 top-8 z-(--z-popover) rounded-3 bg-surface-2 p-1 shadow-popover"
        >
          {shown.map((each, index) => (
            <div
              key={each.value}
              id={`${base}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              className={cx('flex h-7 items-center rounded-2 px-2', index === at && 'bg-fill-active')}
              onPointerEnter={() => setAt(index)}
              onPointerDown={(event) => {
                event.preventDefault();
                take(each.value);
              }}
            >
              <span className="overflow-hidden text-ellipsis whitespace-nowrap">{each.value}</span>
              <span className="ml-auto pl-4 text-small tabular-nums text-fg-4">{each.fact}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
