import { ChevronDown, ChevronRight } from 'lucide-react';
import { type ReactNode, useId, useState } from 'react';

export interface FoldProps {
  title: string;
  /** Its present value, told while it is closed and open. */
  value: string;
  children: ReactNode;
}

/** 36 px that open to more of a form. */
export function Fold({ title, value, children }: FoldProps) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const Sign = open ? ChevronDown : ChevronRight;
  return (
    <div className="border-line-1 border-t">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        className="flex h-9 w-full items-center gap-1.5 rounded-2 text-left"
        onClick={() => setOpen(!open)}
      >
        <Sign size={14} className="text-fg-4" aria-hidden />
        <span className="font-medium">{title}</span>
        <span className="ml-auto text-small text-fg-3">{value}</span>
      </button>
      <div id={id} hidden={!open} className="pt-1">
        {children}
      </div>
    </div>
  );
}
