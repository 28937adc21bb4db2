import { Copy, FoldVertical, UnfoldVertical } from 'lucide-react';
import { type KeyboardEvent, type RefObject, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Container } from '../../../electron/bridge/host.ts';
import type { InspectedContainer } from '../../../electron/bridge/stats.ts';
import { useOnline } from '../../host/engine-view.tsx';
import { failureText } from '../../host/failure-text.ts';
import { copyFailure, noticeDone } from '../../host/notices.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { FindBox } from '../../ui/find-box.tsx';
import { KeyHint } from '../../ui/key-hint.tsx';
import { LoadingBars, PageMessage } from '../../ui/page-states.tsx';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { type Step, type Tree, treeOf } from './json-tree.ts';
import { TreeList } from './tree-list.tsx';
import { useInspected } from './use-inspected.ts';
import { ValuePanel } from './value-panel.tsx';

/** Everything that the engine tells of a container, as a tree that can be searched and folded. */
export function InspectView({ container }: { container: Container }) {
  const { t } = useTranslation();
  const { value, failure, again } = useInspected(container.id);
  if (value) return <Inspection key={container.id} value={value} name={container.name} />;
  if (!failure) return <LoadingBars label={t('app.loading')} />;
  return (
    <PageMessage
      failed
      title={t('inspect.failed')}
      text={failureText(failure)}
      actions={
        <>
          <Button onClick={again}>{t('app.tryAgain')}</Button>
          <Button kind="quiet" onClick={() => void copyFailure(failure)}>
            {t('engine.copyError')}
          </Button>
        </>
      }
    />
  );
}

const firstLevel = (path: readonly Step[]) => path.length === 1;
const always = () => true;
const never = () => false;
const nothing: ReadonlyMap<string, boolean> = new Map();

function useTree(value: InspectedContainer) {
  const [query, setQuery] = useState('');
  const [folds, setFolds] = useState({
    byHand: nothing,
    openByDefault: firstLevel as (path: readonly Step[]) => boolean,
  });
  // folds while searching are their own: the tree is as it was when the search ends
  const [searched, setSearched] = useState(nothing);
  const [cursor, setCursor] = useState<string>();
  const wanted = query.trim().toLowerCase();
  const tree = useMemo(
    () =>
      treeOf(value, {
        query: wanted,
        folds: wanted === '' ? folds.byHand : searched,
        openByDefault: folds.openByDefault,
      }),
    [value, wanted, folds, searched],
  );
  const withFold = (old: ReadonlyMap<string, boolean>, id: string, open: boolean) => new Map(old).set(id, open);
  const foldAll = (openByDefault: typeof always) => setFolds({ byHand: nothing, openByDefault });
  return {
    query,
    wanted,
    search: (next: string) => {
      setQuery(next);
      setSearched(nothing);
    },
    tree,
    fold: (id: string, open: boolean) => {
      if (wanted === '') setFolds((old) => ({ ...old, byHand: withFold(old.byHand, id, open) }));
      else setSearched((old) => withFold(old, id, open));
    },
    unfoldAll: () => foldAll(always),
    foldAll: () => foldAll(never),
    cursor,
    setCursor,
  };
}

/** Which hit the cursor stands on, counted from 0; -1 between them. */
function hitAt({ rows, hits }: Tree, cursor: string | undefined): number {
  return hits.findIndex((index) => rows[index]?.id === cursor);
}

/** The hit before or after the cursor, also from a line that is none. */
function nextHit({ rows, hits }: Tree, cursor: string | undefined, by: 1 | -1): string | undefined {
  const at = rows.findIndex(({ id }) => id === cursor);
  const index =
    by > 0 ? (hits.find((each) => each > at) ?? hits[0]) : (hits.findLast((each) => each < at) ?? hits.at(-1));
  return index === undefined ? undefined : rows[index]?.id;
}

interface InspectToolsProps {
  state: ReturnType<typeof useTree>;
  box: RefObject<HTMLInputElement | null>;
  /** The whole inspection, to copy. */
  value: InspectedContainer;
}

function InspectTools({ state, box, value }: InspectToolsProps) {
  const { t } = useTranslation();
  const { tree, wanted, cursor } = state;
  const total = tree.hits.length;
  const step = (by: 1 | -1) => state.setCursor(nextHit(tree, cursor, by));
  const at = hitAt(tree, cursor);
  const count = at < 0 ? t('inspect.hits', { count: total }) : t('logs.hitOf', { at: at + 1, count: total });
  const copyAll = () =>
    void navigator.clipboard.writeText(JSON.stringify(value, undefined, 2)).then(() => noticeDone(t('app.copied')));
  const folding = { small: true, disabled: wanted !== '' };
  return (
    <div className="flex h-11 flex-none items-center gap-1 px-4 pt-2 pb-1">
      <FindBox
        ref={box}
        value={state.query}
        onChange={state.search}
        count={count}
        none={total === 0}
        onStep={step}
        labels={{
          placeholder: t('inspect.search'),
          clear: t('app.clearSearch'),
          previous: t('logs.previous'),
          next: t('logs.next'),
        }}
      />
      <span className="flex-1" />
      <IconButton {...folding} icon={UnfoldVertical} label={t('inspect.unfoldAll')} onClick={state.unfoldAll} />
      <IconButton {...folding} icon={FoldVertical} label={t('inspect.foldAll')} onClick={state.foldAll} />
      <IconButton small icon={Copy} label={t('inspect.copyAll')} onClick={copyAll} />
    </div>
  );
}

function Inspection({ value, name }: { value: InspectedContainer; name: string }) {
  const { t } = useTranslation();
  const online = useOnline();
  const state = useTree(value);
  const { tree, wanted, cursor } = state;
  const box = useRef<HTMLInputElement>(null);
  const leave = useLeaveSearch(state);
  useShortcuts({ '/': () => box.current?.focus() });
  const row = tree.rows.find(({ id }) => id === cursor);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: catches a key that its parts let through
    <div className="flex min-h-0 flex-1 flex-col" onKeyDown={leave}>
      <InspectTools {...{ state, box, value }} />
      <div className="flex min-h-0 flex-1 border-line-1 border-t">
        <div className={`flex min-w-0 flex-1 flex-col ${online ? '' : 'stale'}`}>
          {tree.rows.length === 0 ? (
            <PageMessage
              title={t('app.noMatch', { search: state.query })}
              text={t('inspect.noMatchText')}
              actions={<Button onClick={() => state.search('')}>{t('app.clearSearch')}</Button>}
            />
          ) : (
            <TreeList tree={tree} query={wanted} cursor={cursor} onCursor={state.setCursor} onFold={state.fold} />
          )}
          {wanted !== '' && tree.rows.length > 0 && tree.hidden > 0 && (
            <p className="flex flex-none items-center gap-1 px-4 py-2 text-small text-fg-4">
              {t('inspect.hidden', { count: tree.hidden })} <KeyHint keys={t('keys.esc')} />
            </p>
          )}
        </div>
        <ValuePanel row={row} container={name} />
      </div>
    </div>
  );
}

/** Esc ends the search before it leaves the page. */
function useLeaveSearch({ query, search }: ReturnType<typeof useTree>) {
  return (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || query === '') return;
    event.preventDefault();
    search('');
  };
}
