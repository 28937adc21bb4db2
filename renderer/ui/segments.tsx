import { RadioGroup } from 'radix-ui';

export interface SegmentsProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; text: string }[];
  onChange: (value: T) => void;
}

/** One of two or three, all in sight. */
export function Segments<T extends string>({ label, value, options, onChange }: SegmentsProps<T>) {
  return (
    <RadioGroup.Root
      aria-label={label}
      value={value}
      onValueChange={(next) => {
        const option = options.find((candidate) => candidate.value === next);
        if (option) onChange(option.value);
      }}
      orientation="horizontal"
      className="inline-flex flex-none rounded-2 bg-surface-3 p-0.5 dark:bg-surface-0"
    >
      {options.map((option) => (
        <RadioGroup.Item
          key={option.value}
          value={option.value}
          className="h-6 whitespace-nowrap rounded-[4px] px-2 text-small text-fg-3 aria-checked:bg-surface-2 aria-checked:font-medium aria-checked:text-fg-1 aria-checked:shadow-[0_0_0_1px_var(--border-1),var(--shadow-control)] dark:aria-checked:bg-surface-3"
        >
          {option.text}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
