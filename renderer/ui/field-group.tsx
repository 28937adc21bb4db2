import { CircleAlert, Minus } from 'lucide-react';
import { type FocusEvent, type ReactNode, useId, useState } from 'react';
import { IconButton } from './button.tsx';

/** Several controls under one label in a column of 104. */
export function FieldGroup({ label, children }: { label: string; children: ReactNode }) {
  const id = useId();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend cannot stand in the label's column
    <div role="group" aria-labelledby={id} className="mb-3 grid grid-cols-[104px_minmax(0,1fr)] items-start gap-x-4">
      <span id={id} className="leading-7 text-fg-3">
        {label}
      </span>
      <div className="min-w-0">{children}</div>
    </div>
  );
}

export interface FieldRowProps {
  /** One sentence, with the button that mends it when there is one. */
  error?: ReactNode;
  /** The error is that something was not written yet: it waits until the focus has left the row. */
  unfinished?: boolean;
  removeLabel: string;
  onRemove: () => void;
  children: ReactNode;
}

/** One line of a list in a form, which can be taken away. */
export function FieldRow({ error, unfinished = false, removeLabel, onRemove, children }: FieldRowProps) {
  const [inside, setInside] = useState(false);
  const leave = (event: FocusEvent<HTMLDivElement>) => setInside(event.currentTarget.contains(event.relatedTarget));
  const shown = error && !(unfinished && inside);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only looks where the focus is
    <div className="mb-2" onFocus={() => setInside(true)} onBlur={leave}>
      <div className="flex items-center gap-2">
        {children}
        <IconButton small icon={Minus} label={removeLabel} className="ml-auto" onClick={onRemove} />
      </div>
      {shown && (
        <div
          role="alert"
          className="mt-1 flex min-h-6 flex-wrap items-center gap-1.5 text-small leading-5 text-error-text"
        >
          <CircleAlert size={14} aria-hidden />
          {error}
        </div>
      )}
    </div>
  );
}
