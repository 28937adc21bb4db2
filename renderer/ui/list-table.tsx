// biome-ignore-all lint/a11y/useSemanticElements: rows that are placed by the virtualiser cannot be table elements
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type MouseEvent, type ReactNode, useEffect, useId, useRef } from 'react';
import { CheckMark } from './checkbox.tsx';
import { cx } from './class-names.ts';
import type { ListSelection } from './use-list-selection.ts';
import { useShortcuts } from './use-shortcuts.ts';

export interface Column {
  id: string;
  title: string;
  right?: boolean;
  /** Left out where the page is narrow. */
  wide?: boolean;
  sorted?: 'ascending' | 'descending' | undefined;
  onSort?: (() => void) | undefined;
}

export interface ListTableProps {
  label: string;
  columns: readonly Column[];
  /** Widths of the columns behind the leading one (tick and glyph), as grid tracks. */
  widths: { regular: string; narrow: string };
  ids: readonly string[];
  selection: ListSelection;
  /** Rows have a glyph behind their tick. */
  glyphs?: boolean;
  /**
   * The cells of a row; the last one takes the columns that are left. `glyph` stands before them, `actions` over the last.
   * `inView` is false of rows that are made ready above and below what is seen.
   */
  row: (
    id: string,
    inView: boolean,
  ) => {
    glyph?: ReactNode;
    cells: readonly ReactNode[];
    actions?: ReactNode;
    label: string;
    /** Stands over other rows and cannot be ticked. */
    plain?: boolean;
  };
  onOpen?: (id: string) => void;
  /** What is shown is old: grey. */
  stale?: boolean;
  tickLabel: string;
}

const ROW = 36;
const HEAD = 28;

/** A list of rows, virtual, with one tab stop: arrows or J and K move, Space ticks, Enter opens. */
export function ListTable(props: ListTableProps) {
  const { ids, selection } = props;
  const grid = useRef<HTMLDivElement>(null);
  const base = useId();
  const virtual = useVirtualizer({
    count: ids.length,
    getScrollElement: () => grid.current,
    estimateSize: () => ROW,
    overscan: 8,
    // the head stays above the rows
    scrollMargin: HEAD,
    scrollPaddingStart: HEAD,
    // Room for what floats over the end while rows are ticked.
    paddingEnd: selection.selected.size > 0 ? 72 : 8,
  });
  const at = selection.cursor === undefined ? -1 : ids.indexOf(selection.cursor);
  useListKeys(props, grid);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' });
  }, [at, virtual]);
  return (
    <div
      ref={grid}
      role="grid"
      aria-label={props.label}
      aria-multiselectable="true"
      aria-rowcount={ids.length + 1}
      aria-activedescendant={selection.cursor && `${base}-${selection.cursor}`}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.removeAttribute('data-keyboard')}
      data-selecting={selection.selected.size > 0 || undefined}
      className="list min-h-0 flex-1 overflow-y-auto [scrollbar-gutter:stable]"
      style={
        {
          '--lead': props.glyphs ? '40px' : '16px',
          '--cols': props.widths.regular,
          '--cols-narrow': props.widths.narrow,
        } as React.CSSProperties
      }
    >
      <HeadRow {...props} />
      <div
        role="rowgroup"
        className={cx('relative', props.stale && 'stale')}
        style={{ height: virtual.getTotalSize() }}
      >
        {virtual.getVirtualItems().map((item) => (
          <Row
            key={ids[item.index]}
            {...props}
            index={item.index}
            top={item.start - HEAD}
            base={base}
            inView={isWithin(virtual.range, item.index)}
          />
        ))}
      </div>
    </div>
  );
}

function useListKeys({ ids, selection, onOpen }: ListTableProps, grid: { current: HTMLDivElement | null }) {
  const go = (by: number, extend?: boolean) => () => {
    grid.current?.focus({ preventScroll: true });
    grid.current?.setAttribute('data-keyboard', '');
    selection.move(by, extend);
  };
  const { cursor } = selection;
  useShortcuts({
    ArrowDown: go(1),
    ArrowUp: go(-1),
    j: go(1),
    k: go(-1),
    'Shift+ArrowDown': go(1, true),
    'Shift+ArrowUp': go(-1, true),
    Home: go(-ids.length),
    End: go(ids.length),
    'Mod+a': ids.length > 0 ? selection.selectAll : undefined,
    Space: cursor === undefined ? undefined : () => selection.toggle(cursor),
    Enter: cursor === undefined || !onOpen ? undefined : () => onOpen(cursor),
  });
}

function HeadRow({ columns, selection, ids, tickLabel }: ListTableProps) {
  const all = selection.selected.size === ids.length;
  return (
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={1}
      className="list-grid sticky top-0 z-10 h-7 border-b border-line-1 bg-surface-1 text-caption text-fg-4"
    >
      <div role="columnheader" tabIndex={-1}>
        {selection.selected.size === 0 ? (
          <span className="sr-only">{tickLabel}</span>
        ) : (
          <button
            type="button"
            tabIndex={-1}
            aria-label={tickLabel}
            aria-pressed={all}
            className="-m-2 block p-2"
            onClick={all ? selection.clear : selection.selectAll}
          >
            <CheckMark checked={all} />
          </button>
        )}
      </div>
      {columns.map((column) => (
        <div
          key={column.id}
          role="columnheader"
          tabIndex={-1}
          aria-sort={column.sorted ?? (column.onSort ? 'none' : undefined)}
          className={cx('min-w-0', column.wide && 'list-wide')}
        >
          <div className={cx('flex', column.right && 'justify-end')}>
            {column.onSort ? (
              <button type="button" className="flex items-center gap-0.5 rounded-1 list-head" onClick={column.onSort}>
                {column.title}
                {column.sorted === 'ascending' && <ArrowUp size={12} aria-hidden />}
                {column.sorted === 'descending' && <ArrowDown size={12} aria-hidden />}
              </button>
            ) : (
              <span className="list-head">{column.title}</span>
            )}
          </div>
        </div>
      ))}
    </div>
  );
}

const isWithin = (range: { startIndex: number; endIndex: number } | null, index: number) =>
  range !== null && index >= range.startIndex && index <= range.endIndex;

interface RowProps extends ListTableProps {
  inView: boolean;
  index: number;
  top: number;
  base: string;
}

function Row({ ids, index, top, base, inView, selection, columns, row, onOpen, tickLabel }: RowProps) {
  const id = ids[index] ?? '';
  const { glyph, cells, actions, label, plain } = row(id, inView);
  const ticked = !plain && selection.selected.has(id);
  const near = (by: number) => (ticked && selection.selected.has(ids[index + by] ?? '')) || undefined;
  const press = (event: MouseEvent) => {
    if (event.target instanceof Element && event.target.closest('button, a')) return;
    if (event.shiftKey) selection.extendTo(id);
    else if (!plain && (event.ctrlKey || event.metaKey || selection.selected.size > 0)) selection.toggle(id);
    else selection.setCursor(id);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the focus and takes the keys
    // biome-ignore lint/a11y/useFocusableInteractive: rows are reached through aria-activedescendant
    <div
      id={`${base}-${id}`}
      role="row"
      aria-label={label}
      aria-rowindex={index + 2}
      aria-selected={ticked}
      data-cursor={selection.cursor === id || undefined}
      data-joined-above={near(-1)}
      data-joined-below={near(1)}
      className="row list-grid absolute inset-x-0 h-9"
      style={{ transform: `translateY(${top}px)` }}
      onClick={press}
      onDoubleClick={() => onOpen?.(id)}
    >
      <div role="gridcell" tabIndex={-1} className="grid grid-cols-[14px_16px] items-center gap-2.5">
        {!plain && (
          <button
            type="button"
            tabIndex={-1}
            aria-label={tickLabel}
            aria-pressed={ticked}
            className="row-check -m-2 p-2"
            onClick={(event) => (event.shiftKey ? selection.extendTo(id) : selection.toggle(id))}
          >
            <CheckMark checked={ticked} />
          </button>
        )}
        {glyph}
      </div>
      {cells.map((cell, at) => {
        const column = columns[at];
        const joined = at === cells.length - 1 ? columns.length - at : 1;
        return (
          <div
            key={column?.id}
            role="gridcell"
            tabIndex={-1}
            aria-colspan={joined > 1 ? joined : undefined}
            className={cx('min-w-0 outline-none', column?.right && 'text-right', column?.wide && 'list-wide')}
            style={joined > 1 ? { gridColumn: `span ${joined}` } : undefined}
          >
            {cell}
          </div>
        );
      })}
      {actions && (
        <div role="gridcell" tabIndex={-1} className="row-actions absolute top-1 right-1 flex rounded-2">
          {actions}
        </div>
      )}
    </div>
  );
}
