export interface FilterBarProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; text: string; count: number }[];
  onChange: (value: T) => void;
}

/** One filter of a few, each with its count. */
export function FilterBar<T extends string>({ label, value, options, onChange }: FilterBarProps<T>) {
  return (
    <fieldset aria-label={label} className="-ml-2 inline-flex flex-none gap-0.5">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className="group flex h-6 items-center gap-1.5 whitespace-nowrap rounded-2 px-2 text-small text-fg-3 hover:bg-fill-hover aria-pressed:bg-fill-selected aria-pressed:font-medium aria-pressed:text-fg-1"
        >
          {option.text}
          <span className="font-normal tabular-nums text-fg-4 group-aria-pressed:text-fg-3">{option.count}</span>
        </button>
      ))}
    </fieldset>
  );
}
