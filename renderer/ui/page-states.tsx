import type { CSSProperties, ReactNode } from 'react';
import { StatusGlyph } from './status-glyph.tsx';
import { useDelayed } from './use-delayed.ts';

export interface PageMessageProps {
  title: string;
  text: ReactNode;
  failed?: boolean;
  /** One or two buttons. */
  actions?: ReactNode;
  /** A quiet line below: a command, links. */
  below?: ReactNode;
}

/** Instead of a list: nothing there, nothing found, or a cause with its button. Left-aligned, 344 wide. */
export function PageMessage({ title, text, failed, actions, below }: PageMessageProps) {
  return (
    <div role={failed ? 'alert' : undefined} className="m-auto flex w-86 flex-col items-start py-6">
      <h2 className="flex items-center gap-2 text-title font-semibold">
        {failed && <StatusGlyph shape="cross" />}
        {title}
      </h2>
      <div className="mt-1 text-fg-3 leading-(--leading-prose) [overflow-wrap:anywhere]">{text}</div>
      {actions && <div className="mt-4 flex gap-2">{actions}</div>}
      {below && <div className="mt-4 flex gap-3 text-small text-fg-4">{below}</div>}
    </div>
  );
}

/** Of a list, as `ListTable` has them. */
export interface BarColumns {
  widths: { regular: string; narrow: string };
  glyphs?: boolean;
}

const shares = [34, 48, 28, 56, 40, 32, 44, 36];
const plain: BarColumns = { widths: { regular: '1.1fr 1fr 96px', narrow: '1.1fr 1fr 96px' }, glyphs: true };

/** Nothing for 300 ms, then 8 still bars in the list's own columns. */
export function LoadingBars({ label, columns = plain }: { label: string; columns?: BarColumns }) {
  const show = useDelayed(true, 300);
  const style = {
    '--lead': columns.glyphs ? '40px' : '16px',
    '--cols': columns.widths.regular,
    '--cols-narrow': columns.widths.narrow,
  } as CSSProperties;
  return (
    <div
      role="status"
      aria-label={label}
      aria-busy="true"
      className="list flex-1 overflow-hidden pt-1 [scrollbar-gutter:stable]"
      style={style}
    >
      {show &&
        shares.map((share) => (
          <div key={share} className="list-grid h-9" data-testid="bar">
            <span className={columns.glyphs ? 'ml-7 size-2 rounded-full bg-surface-3' : ''} />
            <span className="h-2 rounded-1 bg-surface-3" style={{ width: `${share}%` }} />
            <span className="h-2 rounded-1 bg-surface-3" style={{ width: `${share + 20}%` }} />
            <span className="-col-end-1 ml-auto h-2 w-3/5 rounded-1 bg-surface-3" />
          </div>
        ))}
    </div>
  );
}
