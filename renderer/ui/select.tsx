import { Check, ChevronDown } from 'lucide-react';
import { Select as Radix } from 'radix-ui';

export interface SelectProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; text: string; lang?: string }[];
  onChange: (value: T) => void;
}

/** One of a few, 28 px, its list in a popover above everything, for it is used in dialogs as well. */
export function Select<T extends string>({ label, value, options, onChange }: SelectProps<T>) {
  return (
    <Radix.Root
      value={value}
      onValueChange={(next) => {
        const option = options.find((candidate) => candidate.value === next);
        if (option) onChange(option.value);
      }}
    >
      <Radix.Trigger
        aria-label={label}
        className="inline-flex h-7 flex-none items-center gap-1 whitespace-nowrap rounded-2 bg-surface-2 pr-1.5 pl-2 shadow-[inset_0_0_0_1px_var(--border-2)] dark:bg-surface-3 dark:shadow-[inset_0_0_0_1px_var(--border-1)]"
      >
        <Radix.Value />
        <ChevronDown size={14} className="text-fg-4" aria-hidden />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          align="end"
          sideOffset={4}
          className="enter-pop z-(--z-palette) min-w-(--radix-select-trigger-width) rounded-3 bg-surface-2 p-1 shadow-popover"
        >
          <Radix.Viewport>
            {options.map((option) => (
              <Radix.Item
                key={option.value}
                value={option.value}
                lang={option.lang}
                className="flex h-7 items-center gap-2 rounded-2 pr-8 pl-7 outline-none data-highlighted:bg-fill-active relative"
              >
                <Radix.ItemIndicator className="absolute left-2">
                  <Check size={14} aria-hidden />
                </Radix.ItemIndicator>
                <Radix.ItemText>{option.text}</Radix.ItemText>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
