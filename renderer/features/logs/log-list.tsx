import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, type RefObject, useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { LogLine } from '../../../electron/bridge/containers.ts';
import { AnsiText } from '../../ui/ansi-text.tsx';
import { cx } from '../../ui/class-names.ts';
import type { LogStream } from './use-log-stream.ts';

const ROW = 20;

export interface LogListProps {
  stream: LogStream;
  query: string;
  /** Index of the hit that the search stands on. */
  current: number | undefined;
  wrap: boolean;
  times: boolean;
  following: boolean;
  onFollow: (following: boolean) => void;
  /** After the last line: why there are no more. */
  end?: ReactNode;
  box: RefObject<HTMLDivElement | null>;
}

/** The lines, virtual. It stays at the end while it follows; moving up leaves the end, reaching it returns. */
export function LogList(props: LogListProps) {
  const { stream, wrap, times, following, current, box } = props;
  const { t } = useTranslation();
  const count = stream.buffer.lines.length;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 20,
    paddingStart: 4,
    paddingEnd: 8,
  });
  const last = useRef(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (following && element) element.scrollTop = element.scrollHeight;
  }, [following, stream.version, wrap, virtual.getTotalSize()]);
  useLayoutEffect(() => {
    if (current !== undefined) virtual.scrollToIndex(current, { align: 'center' });
  }, [current, virtual]);
  const scrolled = () => {
    const element = box.current;
    if (!element) return;
    const up = element.scrollTop < last.current - 2;
    last.current = element.scrollTop;
    const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - 2;
    if (up && !atEnd) props.onFollow(false);
    else if (atEnd) props.onFollow(true);
  };
  return (
    <div
      ref={box}
      role="log"
      aria-label={t('logs.title')}
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
      tabIndex={0}
      onScroll={scrolled}
      className="mono selectable min-h-0 flex-1 overflow-auto border-t border-line-1 text-code -outline-offset-2"
    >
      <div className="relative min-w-full" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const line = stream.buffer.lines[item.index];
          return (
            line && (
              <LogRow
                key={item.index}
                ref={wrap ? virtual.measureElement : undefined}
                index={item.index}
                top={item.start}
                line={line}
                {...{ wrap, times, query: props.query, current: current === item.index }}
              />
            )
          );
        })}
      </div>
      {props.end}
    </div>
  );
}

interface LogRowProps {
  index: number;
  top: number;
  line: LogLine;
  wrap: boolean;
  times: boolean;
  query: string;
  current: boolean;
  ref: ((element: HTMLElement | null) => void) | undefined;
}

function LogRow({ index, top, line, wrap, times, query, current, ref }: LogRowProps) {
  const { t } = useTranslation();
  const error = line.stream === 'stderr';
  return (
    <div
      ref={ref}
      data-index={index}
      className={cx(
        'absolute left-0 grid min-h-5 min-w-full gap-x-3 px-4 text-fg-2',
        times ? 'grid-cols-[92px_52px_minmax(0,1fr)]' : 'grid-cols-[52px_minmax(0,1fr)]',
        wrap ? 'w-full' : 'w-max',
        current && 'bg-fill-active',
      )}
      style={{ transform: `translateY(${top}px)` }}
    >
      {times && (
        <span className="text-fg-4" title={line.time}>
          {timeOfDay(line.time)}
        </span>
      )}
      <span
        className={cx('select-none border-l-2 pl-2', error ? 'border-(--chart-2) text-fg-3' : 'border-transparent')}
      >
        {error && t('logs.stderr')}
      </span>
      <span className={wrap ? 'whitespace-pre-wrap [overflow-wrap:anywhere]' : 'whitespace-pre'}>
        <AnsiText text={line.text.replace(/\r+$/, '')} query={query} current={current} />
      </span>
    </div>
  );
}

/** `14:31:58.114` of an RFC 3339 time, in the local zone. */
function timeOfDay(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time.slice(11, 23);
  const two = (part: number) => String(part).padStart(2, '0');
  const milliseconds = String(at.getMilliseconds()).padStart(3, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${milliseconds}`;
}
