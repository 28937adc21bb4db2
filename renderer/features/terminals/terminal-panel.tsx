import { ChevronDown, ChevronUp, Plus, Search, SquareTerminal, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { failureText } from '../../host/failure-text.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { cx } from '../../ui/class-names.ts';
import { SearchBox } from '../../ui/text-field.tsx';
import { bringToFront, closeTerminal, openAgain, type TerminalTab, useTerminals } from './terminal-store.ts';

export interface TerminalPanelProps {
  /** Whose terminals: the id of a container, or `host`. */
  place: string;
  titleOf: (tab: TerminalTab) => string;
  /** What stands behind the tabs: opens further ones. */
  opener: ReactNode;
  /** Instead of a terminal when there is none. */
  empty: ReactNode;
  /** Nothing can be opened now. */
  offline: boolean;
}

/** Tabs, and the terminal in front. */
export function TerminalPanel({ place, titleOf, opener, empty, offline }: TerminalPanelProps) {
  const { t } = useTranslation();
  const all = useTerminals((state) => state.tabs);
  const tabs = all.filter((tab) => tab.target.place === place);
  const wanted = useTerminals((state) => state.front[place]);
  const front = tabs.find(({ key }) => key === wanted) ?? tabs.at(-1);
  const [searching, setSearching] = useState(false);
  const searches = front?.searches ?? 0;
  useEffect(() => {
    if (searches > 0) setSearching(true);
  }, [searches]);
  return (
    <section aria-label={t('terminals.title')} className="flex min-h-0 flex-1 flex-col">
      <div className="flex h-9 flex-none items-center gap-1 border-line-1 border-b pr-4 pl-2">
        <Tabs tabs={tabs} front={front} titleOf={titleOf} />
        {opener}
        <span className="flex-1" />
        {front && (
          <span className="whitespace-nowrap text-small text-fg-4 tabular-nums">
            {t('terminals.size', { columns: front.size.columns, rows: front.size.rows })}
          </span>
        )}
        <IconButton
          small
          icon={Search}
          label={t('terminals.search')}
          keyHint={t('terminals.searchKeys')}
          pressed={searching}
          disabled={!front}
          onClick={() => setSearching(!searching)}
        />
      </div>
      {searching && front && <FindBar key={front.key} tab={front} onClose={() => setSearching(false)} />}
      {front ? (
        <>
          <ScreenBox key={front.key} tab={front} />
          <EndLine tab={front} offline={offline} />
        </>
      ) : (
        empty
      )}
    </section>
  );
}

interface TabsProps {
  tabs: readonly TerminalTab[];
  front: TerminalTab | undefined;
  titleOf: (tab: TerminalTab) => string;
}

function Tabs({ tabs, front, titleOf }: TabsProps) {
  const { t } = useTranslation();
  const titles = tabs.map(titleOf);
  return (
    <nav aria-label={t('terminals.tabs')} className="flex min-w-0 items-center gap-1 overflow-x-auto">
      {tabs.map((tab, index) => {
        const title = titles[index] ?? '';
        const isNamesake = titles.filter((other) => other === title).length > 1;
        const shown = tab === front;
        return (
          <span
            key={tab.key}
            className={cx(
              'flex h-6 flex-none items-center rounded-2',
              shown ? 'bg-fill-selected' : 'hover:bg-fill-hover',
            )}
          >
            <button
              type="button"
              data-terminal={tab.key}
              aria-pressed={shown}
              aria-label={t('terminals.tab', { title, number: index + 1 })}
              onClick={() => {
                bringToFront(tab.target.place, tab.key);
                tab.screen.focus();
              }}
              className={cx('flex h-6 items-center gap-1.5 rounded-2 pl-2', shown ? 'font-medium' : 'text-fg-2')}
            >
              <SquareTerminal size={16} className="text-fg-3" aria-hidden />
              {title}
              {isNamesake && <span className="font-normal tabular-nums text-fg-4">{index + 1}</span>}
            </button>
            <IconButton
              small
              icon={X}
              label={t('terminals.close', { title, number: index + 1 })}
              keyHint={t('terminals.closeKeys')}
              onClick={() => closeTerminal(tab.key)}
            />
          </span>
        );
      })}
    </nav>
  );
}

/** Where the screen hangs while it is shown. */
function ScreenBox({ tab }: { tab: TerminalTab }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = box;
    if (!current) return;
    const hide = tab.screen.show(current);
    tab.screen.focus();
    return hide;
  }, [tab.screen]);
  return (
    <div className="terminal-well flex min-h-0 flex-1 py-2 pl-3">
      <div ref={box} className="min-w-0 flex-1 overflow-hidden" />
    </div>
  );
}

/** Why nothing more comes, and the way on. */
function EndLine({ tab, offline }: { tab: TerminalTab; offline: boolean }) {
  const { t } = useTranslation();
  const { phase } = tab;
  if (phase.name === 'opening') return null;
  if (phase.name === 'open') {
    return phase.writable ? null : (
      <p className="flex h-9 flex-none items-center border-line-1 border-t px-4 text-small text-fg-3">
        {t('terminals.readOnly')}
      </p>
    );
  }
  const text =
    phase.name === 'failed'
      ? failureText(phase.failure)
      : phase.code === undefined
        ? t('terminals.detached')
        : t('terminals.exited', { code: phase.code });
  return (
    <div role="status" className="flex min-h-11 flex-none items-center gap-2 border-line-1 border-t px-4 py-2">
      <span className={cx('selectable flex-1', phase.name === 'failed' ? 'text-error-text' : 'text-fg-2')}>{text}</span>
      <Button disabled={offline} onClick={() => openAgain(tab)}>
        {t('terminals.openAgain')}
      </Button>
      <Button kind="quiet" onClick={() => closeTerminal(tab.key)}>
        {t('terminals.closeTab')}
      </Button>
    </div>
  );
}

function FindBar({ tab, onClose }: { tab: TerminalTab; onClose: () => void }) {
  const { t } = useTranslation();
  const [words, setWords] = useState('');
  const [found, setFound] = useState(true);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    return () => void tab.screen.find('', false);
  }, [tab.screen]);
  const find = (text: string, back: boolean) => setFound(tab.screen.find(text, back) || text === '');
  const close = () => {
    onClose();
    tab.screen.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the field within
    <div
      className="flex h-10 flex-none items-center gap-1 border-line-1 border-b px-4"
      onKeyDownCapture={(event) => {
        if (event.key === 'Enter') find(words, event.shiftKey);
        else if (event.key === 'Escape') close();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <SearchBox
        ref={input}
        className="w-79"
        value={words}
        onChange={(text) => {
          setWords(text);
          find(text, true);
        }}
        placeholder={t('terminals.search')}
        clearLabel={t('app.clearSearch')}
      />
      <IconButton small icon={ChevronUp} label={t('logs.previous')} onClick={() => find(words, true)} />
      <IconButton small icon={ChevronDown} label={t('logs.next')} onClick={() => find(words, false)} />
      <span role="status" className="text-small text-fg-3">
        {!found && t('terminals.nothingFound')}
      </span>
      <span className="flex-1" />
      <IconButton small icon={X} label={t('app.close')} keyHint={t('keys.esc')} onClick={close} />
    </div>
  );
}

/** The button behind the tabs. */
export function AddButton({ label, disabled, onClick }: { label: string; disabled: boolean; onClick: () => void }) {
  return <IconButton small icon={Plus} label={label} disabled={disabled} onClick={onClick} />;
}
