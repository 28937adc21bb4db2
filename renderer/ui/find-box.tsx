import { ChevronDown, ChevronUp } from 'lucide-react';
import type { Ref } from 'react';
import { IconButton } from './button.tsx';
import { SearchBox } from './text-field.tsx';

export interface FindBoxProps {
  value: string;
  onChange: (value: string) => void;
  /** How many hits there are, or which one the search stands on. */
  count: string;
  /** There is no hit to go to. */
  none: boolean;
  /** To the next hit, or with -1 to the one before. */
  onStep: (by: 1 | -1) => void;
  labels: { placeholder: string; clear: string; previous: string; next: string };
  ref?: Ref<HTMLInputElement>;
}

/** Searches in what is shown: Enter goes to the next hit, Shift Enter to the one before. */
export function FindBox({ value, onChange, count, none, onStep, labels, ref }: FindBoxProps) {
  return (
    <>
      <SearchBox
        {...(ref === undefined ? {} : { ref })}
        className="w-79"
        value={value}
        onChange={onChange}
        placeholder={labels.placeholder}
        clearLabel={labels.clear}
        keyHint="/"
        end={
          <span role="status" className="whitespace-nowrap text-small tabular-nums text-fg-4">
            {count}
          </span>
        }
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          onStep(event.shiftKey ? -1 : 1);
        }}
      />
      <IconButton small icon={ChevronUp} label={labels.previous} disabled={none} onClick={() => onStep(-1)} />
      <IconButton small icon={ChevronDown} label={labels.next} disabled={none} onClick={() => onStep(1)} />
    </>
  );
}
