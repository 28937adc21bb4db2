import { Clock, Copy, WrapText } from 'lucide-react';
import { type RefObject, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Container } from '../../../electron/bridge/host.ts';
import { failureText } from '../../host/failure-text.ts';
import { copyFailure, noticeDone } from '../../host/notices.ts';
import { plainText } from '../../ui/ansi-sequences.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { FindBox } from '../../ui/find-box.tsx';
import { LoadingBars, PageMessage } from '../../ui/page-states.tsx';
import { useShortcuts } from '../../ui/use-shortcuts.ts';
import { createLogSearch } from './log-buffer.ts';
import { LogList } from './log-list.tsx';
import { type LogStream, useLogStream } from './use-log-stream.ts';

/** The log of one container: follows, searches, copies. */
export function LogView({ container }: { container: Container }) {
  const { t } = useTranslation();
  const stream = useLogStream(container.id, container.startedAt ?? '');
  const find = useLogFind(stream);
  const [wrap, setWrap] = useState(false);
  const [times, setTimes] = useState(true);
  const [leftAt, setLeftAt] = useState<number>();
  const search = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const total = stream.buffer.dropped + stream.buffer.lines.length;
  const live = () => setLeftAt(undefined);
  useShortcuts({ '/': () => search.current?.focus(), End: live, f: live });
  const copy = () => {
    const text = stream.buffer.lines.map((line) => plainText(line.text)).join('\n');
    void navigator.clipboard.writeText(text).then(() => noticeDone(t('app.copied')));
  };
  const step = (by: number) => {
    setLeftAt((old) => old ?? total);
    find.step(by);
  };
  return (
    <>
      <div className="flex h-11 flex-none items-center gap-1 px-4 pt-2 pb-1">
        <LogFindBox search={search} find={find} step={step} />
        <span className="flex-1" />
        <IconButton small icon={Clock} label={t('logs.times')} pressed={times} onClick={() => setTimes(!times)} />
        <IconButton small icon={WrapText} label={t('logs.wrap')} pressed={wrap} onClick={() => setWrap(!wrap)} />
        <IconButton small icon={Copy} label={t('logs.copy')} disabled={total === 0} onClick={copy} />
      </div>
      {stream.buffer.lines.length === 0 ? (
        <NoLines stream={stream} container={container} />
      ) : (
        <div className="relative flex min-h-0 flex-1 flex-col">
          <LogList
            {...{ stream, wrap, times, box }}
            query={find.query.toLowerCase()}
            current={find.current}
            following={leftAt === undefined}
            onFollow={(following) => setLeftAt((old) => (following ? undefined : (old ?? total)))}
            end={<LogEnd stream={stream} container={container} />}
          />
          {leftAt !== undefined && stream.phase === 'live' && <LivePill fresh={total - leftAt} onLive={live} />}
        </div>
      )}
    </>
  );
}

interface LogFind {
  query: string;
  setQuery: (query: string) => void;
  hits: readonly number[];
  /** Which hit, counted from 0. */
  at: number;
  /** Its line. */
  current: number | undefined;
  step: (by: number) => void;
}

function useLogFind(stream: LogStream): LogFind {
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<number>();
  const search = useRef(createLogSearch());
  const hits = search.current.update(stream.buffer, query);
  const at = chosen === undefined ? -1 : Math.min(chosen, hits.length - 1);
  return {
    query,
    setQuery: (next) => {
      setQuery(next);
      setChosen(undefined);
    },
    hits,
    at,
    current: at < 0 ? undefined : hits[at],
    step: (by) => {
      if (hits.length === 0) return;
      const from = at < 0 ? (by > 0 ? -1 : hits.length) : at;
      setChosen((from + by + hits.length) % hits.length);
    },
  };
}

interface LogFindBoxProps {
  search: RefObject<HTMLInputElement | null>;
  find: LogFind;
  step: (by: number) => void;
}

function LogFindBox({ search, find, step }: LogFindBoxProps) {
  const { t } = useTranslation();
  const count =
    find.at < 0
      ? t('logs.hits', { count: find.hits.length })
      : t('logs.hitOf', { at: find.at + 1, count: find.hits.length });
  return (
    <FindBox
      ref={search}
      value={find.query}
      onChange={find.setQuery}
      count={count}
      none={find.hits.length === 0}
      onStep={step}
      labels={{
        placeholder: t('logs.search'),
        clear: t('app.clearSearch'),
        previous: t('logs.previous'),
        next: t('logs.next'),
      }}
    />
  );
}

function LivePill({ fresh, onLive }: { fresh: number; onLive: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="enter-pop absolute bottom-4 left-1/2 flex h-7 -translate-x-1/2 items-center gap-2 whitespace-nowrap rounded-full bg-surface-2 pr-1 pl-3 text-small font-medium shadow-popover">
      <span className="font-normal text-fg-3">{t('logs.paused')}</span>
      {fresh > 0 && <span className="tabular-nums">{t('logs.newLines', { count: fresh })}</span>}
      <button
        type="button"
        onClick={onLive}
        className="flex h-5 items-center gap-1.5 rounded-full bg-accent-solid pr-1.5 pl-2 text-on-accent hover:bg-accent-hover"
      >
        {t('logs.follow')}
        <kbd className="rounded-1 bg-[rgb(0_0_0/0.18)] px-1 font-ui text-caption font-normal leading-4">
          {t('keys.end')}
        </kbd>
      </button>
    </div>
  );
}

function NoLines({ stream, container }: { stream: LogStream; container: Container }) {
  const { t } = useTranslation();
  if (stream.phase === 'failed' && stream.failure) {
    const { failure } = stream;
    return (
      <PageMessage
        failed
        title={t('logs.failed')}
        text={failureText(failure)}
        actions={
          <>
            <Button onClick={stream.again}>{t('app.tryAgain')}</Button>
            <Button kind="quiet" onClick={() => void copyFailure(failure)}>
              {t('engine.copyError')}
            </Button>
          </>
        }
      />
    );
  }
  if (stream.phase === 'ended') {
    return <PageMessage title={t('logs.empty')} text={container.error ?? t('logs.endedEmpty')} />;
  }
  const runs = container.state === 'running' || container.state === 'paused';
  if (!runs) return <LoadingBars label={t('app.loading')} />;
  return <PageMessage title={t('logs.nothingYet')} text={t('logs.nothingYetText')} />;
}

/** The line behind the last one. */
function LogEnd({ stream, container }: { stream: LogStream; container: Container }) {
  const { t } = useTranslation();
  if (stream.phase === 'ended') {
    const code = container.exitCode;
    return (
      <div className="px-4 pb-4 font-ui text-small text-fg-4">
        {code === undefined ? t('logs.ended') : t('logs.endedCode', { code })}
      </div>
    );
  }
  if (stream.phase !== 'failed' || !stream.failure) return null;
  return (
    <div role="alert" className="flex items-center gap-3 px-4 pb-4 font-ui text-small text-error-text">
      {t('logs.broken', { cause: failureText(stream.failure) })}
      <Button size="small" onClick={stream.again}>
        {t('app.tryAgain')}
      </Button>
    </div>
  );
}
