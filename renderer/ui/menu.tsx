import type { LucideIcon } from 'lucide-react';
import { DropdownMenu as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { cx } from './class-names.ts';

export interface MenuEntry {
  label: string;
  icon: LucideIcon;
  keyHint?: string;
  danger?: boolean;
  disabled?: boolean;
  /** A line above this entry. */
  apart?: boolean;
  onSelect: () => void;
}

export interface MenuProps {
  entries: readonly MenuEntry[];
  /** Which of its edges stands below the button's. */
  align?: 'start' | 'end';
  children: ReactNode;
}

/** A menu under `children`, which must be one button. */
export function Menu({ entries, align = 'end', children }: MenuProps) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className="enter-pop z-(--z-popover) min-w-44 rounded-3 bg-surface-2 p-1 shadow-popover"
        >
          {entries.map((entry) => (
            <MenuItem key={entry.label} {...entry} />
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function MenuItem({ label, icon: Icon, keyHint, danger, disabled, apart, onSelect }: MenuEntry) {
  return (
    <>
      {apart && <Radix.Separator className="my-1 h-px bg-line-1" />}
      <Radix.Item
        disabled={disabled}
        onSelect={onSelect}
        className={cx(
          'flex h-7 items-center gap-2 whitespace-nowrap rounded-[4px] px-2 outline-none data-disabled:text-fg-disabled data-highlighted:bg-fill-active',
          danger && 'text-error-text',
        )}
      >
        <Icon size={16} className={danger || disabled ? undefined : 'text-fg-3'} aria-hidden />
        {label}
        {keyHint && <span className="ml-auto pl-6 text-small text-fg-4">{keyHint}</span>}
      </Radix.Item>
    </>
  );
}
