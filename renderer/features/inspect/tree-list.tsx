// biome-ignore-all lint/a11y/useSemanticElements: HTML has no element for a tree
import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { noticeDone } from '../../host/notices.ts';
import { cx } from '../../ui/class-names.ts';
import { hitsIn, Marked } from '../../ui/marked.tsx';
import { plainText, type Tree, type TreeRow } from './json-tree.ts';

const ROW = 22;

export interface TreeListProps {
  tree: Tree;
  /** In small letters. */
  query: string;
  cursor: string | undefined;
  onCursor: (id: string | undefined) => void;
  onFold: (id: string, open: boolean) => void;
}

/** A value as text to copy: words without quotation marks, the rest as JSON. */
export function copyText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
}

/** Lines of a tree, virtual, with one tab stop. */
export function TreeList(props: TreeListProps) {
  const { tree, cursor, onCursor, onFold } = props;
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const base = useId();
  const at = tree.rows.findIndex(({ id }) => id === cursor);
  const virtual = useVirtualizer({
    count: tree.rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
    paddingStart: 8,
    paddingEnd: 8,
    // a line that is gone to stands clear of the edge
    scrollPaddingStart: 8,
    scrollPaddingEnd: 8,
  });
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' });
  }, [at, virtual]);
  const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / ROW) - 1);
  const press = (event: KeyboardEvent) => {
    const run = actionOf(event, { ...props, at, page, copied: () => noticeDone(t('app.copied')) });
    if (!run) return;
    event.preventDefault();
    run();
  };
  return (
    <div
      ref={box}
      role="tree"
      aria-label={t('inspect.title')}
      aria-activedescendant={at >= 0 ? `${base}-${at}` : undefined}
      tabIndex={0}
      onKeyDown={press}
      onFocus={() => at < 0 && onCursor(tree.rows[0]?.id)}
      className={cx(
        'mono min-h-0 overflow-y-auto overflow-x-hidden text-code -outline-offset-2',
        // what the search hides is told right below its last line
        props.query === '' ? 'flex-1' : 'flex-[0_1_auto]',
      )}
    >
      <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = tree.rows[item.index];
          return (
            row && (
              <Row
                key={row.id}
                id={`${base}-${item.index}`}
                row={row}
                top={item.start}
                query={props.query}
                current={item.index === at}
                onPress={() => onCursor(row.id)}
                onFold={() => onFold(row.id, !row.open)}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

interface Place extends TreeListProps {
  at: number;
  /** Lines of a page. */
  page: number;
  copied: () => void;
}

/** What a key does in the tree; undefined: nothing. */
function actionOf(event: KeyboardEvent, place: Place): (() => void) | undefined {
  const { tree, at, page, onCursor, onFold } = place;
  const row = tree.rows[at];
  const go = (index: number) => () => onCursor(tree.rows[Math.max(0, Math.min(tree.rows.length - 1, index))]?.id);
  if (event.ctrlKey || event.metaKey) {
    if (event.key !== 'c' || !row || window.getSelection()?.isCollapsed === false) return undefined;
    return () => void navigator.clipboard.writeText(copyText(row.value)).then(place.copied);
  }
  switch (event.key) {
    case 'ArrowDown':
      return go(at + 1);
    case 'ArrowUp':
      return go(at - 1);
    case 'PageDown':
      return go(at + page);
    case 'PageUp':
      return go(at - page);
    case 'Home':
      return go(0);
    case 'End':
      return go(tree.rows.length - 1);
    case 'ArrowRight':
      if (!row?.inside) return undefined;
      return row.open ? go(at + 1) : () => onFold(row.id, true);
    case 'ArrowLeft':
      if (row?.open) return () => onFold(row.id, false);
      return go(parentOf(tree, at));
    case 'Enter':
    case ' ':
      return row?.inside ? () => onFold(row.id, !row.open) : undefined;
    default:
      return undefined;
  }
}

/** The line that a line is inside of; itself at the first level. */
function parentOf({ rows }: Tree, at: number): number {
  const depth = rows[at]?.path.length ?? 1;
  for (let index = at - 1; index >= 0; index -= 1) if ((rows[index]?.path.length ?? 0) < depth) return index;
  return at;
}

interface RowProps {
  id: string;
  row: TreeRow;
  top: number;
  query: string;
  current: boolean;
  onPress: () => void;
  onFold: () => void;
}

function Row({ id, row, top, query, current, onPress, onFold }: RowProps) {
  const Sign = row.open ? ChevronDown : ChevronRight;
  const key = String(row.path.at(-1));
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the focus and takes the keys
    // biome-ignore lint/a11y/useFocusableInteractive: lines are reached through aria-activedescendant
    <div
      id={id}
      role="treeitem"
      aria-level={row.path.length}
      aria-selected={current}
      aria-expanded={row.inside ? row.open : undefined}
      onClick={onPress}
      onDoubleClick={row.inside ? onFold : undefined}
      className={cx(
        'absolute inset-x-2 flex h-[22px] items-center whitespace-pre rounded-2 pr-2',
        current ? 'bg-accent-subtle' : 'hover:bg-fill-hover',
      )}
      style={{ transform: `translateY(${top}px)`, paddingLeft: (row.path.length - 1) * 16 + 8 }}
    >
      {row.inside ? (
        <button
          type="button"
          tabIndex={-1}
          aria-hidden
          onClick={onFold}
          className="-ml-1 mr-0.5 flex size-5 flex-none items-center justify-center text-fg-4"
        >
          <Sign size={14} aria-hidden />
        </button>
      ) : (
        <span className="w-[18px] flex-none" />
      )}
      <span className={typeof row.path.at(-1) === 'number' ? 'text-fg-4' : 'text-accent-text'}>
        <Marked text={key} hits={hitsIn(key, row.hit ? query : '')} current={current} />
      </span>
      <span className="min-w-0 overflow-hidden text-ellipsis pl-2">
        <RowValue row={row} query={query} current={current} />
      </span>
    </div>
  );
}

function RowValue({ row, query, current }: Pick<RowProps, 'row' | 'query' | 'current'>) {
  const { t } = useTranslation();
  if (row.inside === undefined) {
    return (
      <span className={colourOf(row.value)}>
        <Marked text={plainText(row.value)} hits={hitsIn(plainText(row.value), query)} current={current} />
      </span>
    );
  }
  if (row.open) return null;
  const list = Array.isArray(row.value);
  if (row.inside === 0) return <span className="text-fg-4">{list ? '[]' : '{}'}</span>;
  return (
    <span className="font-ui text-small text-fg-4">
      {t(list ? 'inspect.items' : 'inspect.keys', { count: row.inside })}
    </span>
  );
}

function colourOf(value: unknown): string {
  if (typeof value === 'string') return 'text-running-text';
  return typeof value === 'number' ? 'text-(--chart-2)' : 'text-fg-3';
}
