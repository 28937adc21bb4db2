import { CircleAlert, FileCode, SquareTerminal } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { BuildDetail, BuildStep } from '../../../electron/bridge/builds.ts';
import { call } from '../../host/bridge-client.ts';
import { tookText } from '../../host/build-state.tsx';
import { useOnline } from '../../host/engine-view.tsx';
import { failureText } from '../../host/failure-text.ts';
import { noticeFailed } from '../../host/notices.ts';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/class-names.ts';
import { navigate } from '../../ui/hash-route.ts';
import { Segments } from '../../ui/segments.tsx';
import { missTexts } from './miss-words.ts';
import { instructionOf, tookOf } from './stage-groups.ts';
import { StepGlyph, stepStateText } from './step-glyph.tsx';
import { StepLog } from './step-log.tsx';

export interface SidePanelProps {
  build: BuildDetail;
  step: BuildStep | undefined;
  choose: (step: number) => void;
  now: number;
  /** The step itself and what it writes stand here as well. */
  withLog: boolean;
}

/** Beside the steps: what went wrong, the step, the Dockerfile with its line, why the step was run. */
export function SidePanel({ build, step, choose, now, withLog }: SidePanelProps) {
  const { t } = useTranslation();
  const [tab, setTab] = useState<'log' | 'source'>('log');
  const { error, warnings, source } = build;
  const isLog = withLog && tab === 'log';
  const tabs = withLog && (
    <Segments
      label={t('builds.side')}
      value={tab}
      onChange={setTab}
      options={[
        { value: 'log', text: t('builds.log.title') },
        { value: 'source', text: t('builds.dialog.dockerfile') },
      ]}
    />
  );
  return (
    <aside
      aria-label={t('builds.side')}
      className="flex w-108 flex-none flex-col overflow-hidden border-line-1 border-l max-[1100px]:w-80"
    >
      {error && (
        <section className="flex-none border-line-1 border-b px-5 py-3">
          <h2 className="font-semibold">{t('builds.cause')}</h2>
          <p role="alert" className="selectable mt-1 mb-2 text-small text-error-text [overflow-wrap:anywhere]">
            {failureText(error)}
          </p>
          <div className="flex items-center gap-2">
            {tabs && error.line !== undefined && source !== undefined && (
              <Button size="small" icon={FileCode} onClick={() => setTab('source')}>
                {t('builds.showLine', { line: error.line })}
              </Button>
            )}
            {step?.state === 'failed' && build.detailed && <ShellButton build={build.id} step={step.number} />}
          </div>
        </section>
      )}
      {warnings.length > 0 && (
        <section className="flex-none border-line-1 border-b px-5 py-3">
          <h2 className="font-semibold">{t('builds.warnings')}</h2>
          {warnings.map((warning) => (
            <p key={warning} className="selectable mt-1 text-small text-warning-text [overflow-wrap:anywhere]">
              {warning}
            </p>
          ))}
        </section>
      )}
      {withLog && step && <StepHead step={step} now={now} />}
      {isLog && <StepLog build={build.id} step={step} heading={tabs} />}
      {!isLog && source !== undefined && <Dockerfile {...{ build, source, step, choose, heading: tabs }} />}
      {step && <StepFacts build={build} step={step} />}
    </aside>
  );
}

/** A look at what the step had before it. */
function ShellButton({ build, step }: { build: string; step: number }) {
  const { t } = useTranslation();
  const online = useOnline();
  const [busy, setBusy] = useState(false);
  const open = async () => {
    setBusy(true);
    const outcome = await call('builds.shell', { id: build, step });
    setBusy(false);
    if (outcome.ok) navigate(`/containers/${outcome.value.container}/terminal`);
    else noticeFailed(() => t('builds.noShell'), outcome.failure);
  };
  return (
    <Button size="small" icon={SquareTerminal} busy={busy} disabled={!online} onClick={() => void open()}>
      {t('builds.shell')}
    </Button>
  );
}

/** The instruction as a whole, and how long it took. */
function StepHead({ step, now }: { step: BuildStep; now: number }) {
  const { word, rest } = instructionOf(step.words);
  const took = tookOf(step, now);
  return (
    <section className="flex-none px-5 pt-3 pb-2">
      <h2 className="flex items-center gap-2 font-semibold">
        <StepGlyph step={step} />
        <span className="flex-1">{stepStateText(step)}</span>
        <span className="font-normal text-small tabular-nums text-fg-3">{took !== undefined && tookText(took)}</span>
      </h2>
      <code className="mono selectable mt-1 block max-h-20 overflow-y-auto whitespace-pre-wrap text-code text-fg-2 [overflow-wrap:anywhere]">
        <span className="text-accent-text">{word}</span>
        {rest}
      </code>
    </section>
  );
}

interface DockerfileProps extends Omit<SidePanelProps, 'withLog' | 'now'> {
  source: string;
  /** Instead of its name. */
  heading: ReactNode;
}

function Dockerfile({ build, source, step, choose, heading }: DockerfileProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const lines = source.replace(/\n$/, '').split('\n');
  const failed = build.error?.line;
  const { first = 0, last = 0 } = step?.lines ?? {};
  const shown = first || failed;
  useEffect(() => {
    box.current?.querySelector(`[data-line="${shown}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [shown]);
  const stepAt = (line: number) => build.steps.find(({ lines: at }) => at.first <= line && line <= at.last);
  return (
    <section
      aria-label={build.dockerfile}
      className={cx('flex min-h-32 flex-1 flex-col', heading ? 'border-line-1 border-t' : undefined)}
    >
      <div className={cx('flex h-9 flex-none items-center gap-2', heading ? 'border-line-1 border-b px-5' : 'px-5')}>
        {heading || <h2 className="font-semibold">{build.dockerfile}</h2>}
        <span className="flex-1" />
        {shown !== undefined && shown > 0 && (
          <span className="font-normal text-small tabular-nums text-fg-3">
            {t('builds.lineOf', { line: shown, total: lines.length })}
          </span>
        )}
      </div>
      <div
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
        tabIndex={0}
        className="selectable min-h-0 flex-1 overflow-auto pb-2"
      >
        {lines.map((text, at) => {
          const number = at + 1;
          const isFailed = number === failed;
          const isShown = first <= number && number <= last;
          const own = stepAt(number);
          return <DockerfileLine key={number} {...{ number, text, isFailed, isShown, own, choose }} />;
        })}
      </div>
    </section>
  );
}

interface DockerfileLineProps {
  number: number;
  text: string;
  isFailed: boolean;
  isShown: boolean;
  /** The step that it belongs to. */
  own: BuildStep | undefined;
  choose: (step: number) => void;
}

function DockerfileLine({ number, text, isFailed, isShown, own, choose }: DockerfileLineProps) {
  const { t } = useTranslation();
  return (
    <div>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the list of steps is there for the keyboard */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a shorter way for the mouse */}
      <div
        data-line={number}
        data-failed={isFailed || undefined}
        className={cx(
          'mono flex h-5 w-max min-w-full whitespace-pre pr-4 text-code',
          isFailed ? 'bg-error-subtle' : isShown && 'bg-fill-hover',
        )}
        onClick={own && (() => choose(own.number))}
      >
        <span className="w-10 flex-none pr-3 text-right tabular-nums text-fg-4">{number}</span>
        <SourceLine text={text} isFirst={own === undefined || own.lines.first === number} />
      </div>
      {isFailed && (
        <p className="flex min-h-6 items-center gap-1.5 pr-4 pl-10 text-small text-error-text">
          <CircleAlert size={14} className="flex-none" aria-hidden />
          {t('builds.failedHere')}
        </p>
      )}
    </div>
  );
}

/** A line of the Dockerfile: comments quiet, the instruction's word in colour. */
function SourceLine({ text, isFirst }: { text: string; isFirst: boolean }) {
  if (text.trimStart().startsWith('#')) return <span className="text-fg-3">{text}</span>;
  const { word, rest } = isFirst ? instructionOf(text) : { word: '', rest: text };
  return (
    <span>
      <span className="text-accent-text">{word}</span>
      {rest}
    </span>
  );
}

function StepFacts({ build, step }: { build: BuildDetail; step: BuildStep }) {
  const { t } = useTranslation();
  const { after, missed, cached } = step;
  const before = build.steps.filter(({ number }) => after.includes(number));
  if (before.length === 0 && !missed && !cached) return null;
  return (
    <section className="max-h-1/2 flex-none overflow-y-auto border-line-1 border-t px-5 py-3 text-small">
      {before.length > 0 && (
        <>
          <h2 className="font-semibold text-body">{t('builds.after')}</h2>
          <ul className="mt-1 mb-2">
            {before.map(({ number, words }) => (
              <li key={number} className="flex h-5 items-center gap-2 overflow-hidden whitespace-nowrap text-fg-2">
                <span className="w-5 flex-none text-right text-caption text-fg-4 tabular-nums">{number}</span>
                <code className="mono overflow-hidden text-ellipsis text-caption">{words}</code>
              </li>
            ))}
          </ul>
        </>
      )}
      {missed && (
        <>
          <h2 className="font-semibold text-body">{t('builds.missed.title')}</h2>
          <ul className="selectable mt-1">
            {missTexts(missed).map((text) => (
              <li key={text} className="py-0.5 text-fg-2 [overflow-wrap:anywhere]">
                {text}
              </li>
            ))}
          </ul>
        </>
      )}
      {cached && <p className="text-fg-3">{t('builds.wasCached')}</p>}
    </section>
  );
}
