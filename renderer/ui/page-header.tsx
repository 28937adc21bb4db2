import { createContext, type ReactNode, useContext } from 'react';

const HeaderEnd = createContext<ReactNode>(null);

/** What every page's header carries at its right end: the window's buttons. */
export function HeaderEndProvider({ end, children }: { end: ReactNode; children: ReactNode }) {
  return <HeaderEnd value={end}>{children}</HeaderEnd>;
}

export interface PageHeaderProps {
  title: ReactNode;
  count?: number | undefined;
  /** Search and at most two buttons, the primary one last. */
  children?: ReactNode;
}

/** 48 px, and the window is dragged by it. */
export function PageHeader({ title, count, children }: PageHeaderProps) {
  const end = useContext(HeaderEnd);
  return (
    <header className="drag flex h-12 flex-none items-center gap-2 whitespace-nowrap pl-4">
      <h1 className="flex min-w-0 items-center gap-2 text-title font-semibold tracking-(--tracking-title)">{title}</h1>
      {count !== undefined && <span className="tabular-nums text-fg-4">{count}</span>}
      <span className="flex-1" />
      {children}
      {end ?? <span className="w-2" />}
    </header>
  );
}

/** 40 px below the header: filters left, view right. */
export function PageTools({ children }: { children: ReactNode }) {
  return <div className="flex h-10 flex-none items-center gap-1 whitespace-nowrap px-4 pb-1">{children}</div>;
}
