import { useVirtualizer } from '@tanstack/react-virtual';
import i18next from 'i18next';
import { Copy } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { BuildLogLine, BuildStep } from '../../../electron/bridge/builds.ts';
import { noticeDone } from '../../host/notices.ts';
import { plainText } from '../../ui/ansi-sequences.ts';
import { AnsiText } from '../../ui/ansi-text.tsx';
import { IconButton } from '../../ui/button.tsx';
import { cx } from '../../ui/class-names.ts';
import { instructionOf } from './stage-groups.ts';
import { useStepLog } from './use-step-log.ts';

const ROW = 20;
/** Pixels from the end within which the log follows. */
const NEAR = 24;

const isDropped = (line: BuildLogLine): line is { readonly dropped: number } => 'dropped' in line;

export interface StepLogProps {
  build: string;
  step: BuildStep | undefined;
  /** Instead of the title and the instruction. */
  heading?: ReactNode;
}

/** What a step has written, as it comes. */
export function StepLog({ build, step, heading }: StepLogProps) {
  const { t } = useTranslation();
  const lines = useStepLog(build, step);
  const copy = () => {
    const text = lines.map((line) => (isDropped(line) ? '…' : plainText(line.text))).join('\n');
    void navigator.clipboard.writeText(text).then(() => noticeDone(t('app.copied')));
  };
  return (
    <section
      aria-label={t('builds.log.title')}
      className={cx(
        'flex min-h-32 flex-1 flex-col border-line-1 border-t',
        // in line with what stands above it
        heading ? '[--edge:20px]' : '[--edge:16px]',
      )}
    >
      <div className="flex h-9 flex-none items-center gap-2 border-line-1 border-b pr-2 pl-(--edge)">
        {heading || (
          <>
            <h2 className="font-semibold">{t('builds.log.title')}</h2>
            <code className="mono min-w-0 overflow-hidden text-ellipsis whitespace-nowrap text-caption text-fg-3">
              {step && instructionOf(step.words).rest.trim()}
            </code>
          </>
        )}
        <span className="flex-1" />
        <IconButton small icon={Copy} label={t('builds.log.copy')} disabled={lines.length === 0} onClick={copy} />
      </div>
      {lines.length === 0 ? (
        <p className="px-(--edge) py-2 text-small text-fg-4">{emptyText(step)}</p>
      ) : (
        <LogLines lines={lines} failed={step?.state === 'failed'} />
      )}
    </section>
  );
}

function emptyText(step: BuildStep | undefined): string {
  const { t } = i18next;
  if (!step || step.state === 'waiting') return t('builds.log.notYet');
  if (step.cached) return t('builds.log.cached');
  return t(step.state === 'running' ? 'builds.log.silent' : 'builds.log.nothing');
}

function LogLines({ lines, failed }: { lines: readonly BuildLogLine[]; failed: boolean }) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  useEffect(() => {
    if (follows.current) virtual.scrollToIndex(lines.length - 1, { align: 'end' });
  }, [lines.length, virtual]);
  return (
    <div
      ref={box}
      role="log"
      aria-label={t('builds.log.title')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
      tabIndex={0}
      className="selectable min-h-0 flex-1 overflow-auto py-1"
      onScroll={({ currentTarget: at }) => {
        follows.current = at.scrollHeight - at.scrollTop - at.clientHeight < NEAR;
      }}
    >
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const line = lines[item.index];
          // what a command says last is why it failed
          const isLast = failed && item.index >= lines.length - 3;
          return (
            <div
              key={item.key}
              className={cx(
                'mono absolute flex h-5 min-w-full whitespace-pre pr-4 pl-(--edge) text-code',
                isLast && 'bg-error-subtle text-error-text',
              )}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {line && <LogLine line={line} isLast={isLast} />}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function LogLine({ line, isLast }: { line: BuildLogLine; isLast: boolean }) {
  const { t } = useTranslation();
  if (isDropped(line))
    return <span className="text-warning-text">{t('builds.log.dropped', { count: line.dropped })}</span>;
  return (
    <>
      <span className={cx('w-16 flex-none tabular-nums', !isLast && 'text-fg-3')}>{(line.at / 1000).toFixed(2)}</span>
      <span>
        <AnsiText text={line.text} />
      </span>
    </>
  );
}
