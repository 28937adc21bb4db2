import { type KeyboardEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { BuildDetail, BuildStep } from '../../../electron/bridge/builds.ts';
import { tookText } from '../../host/build-state.tsx';
import { cx } from '../../ui/class-names.ts';
import { axisTicks, instructionOf, type StageGroup, stageGroups, stageName, tookOf } from './stage-groups.ts';
import { StepGlyph } from './step-glyph.tsx';

export interface StepListProps {
  build: BuildDetail;
  now: number;
  chosen: number | undefined;
  choose: (step: number) => void;
}

interface Scale {
  from: number;
  span: number;
}

function scaleOf({ startedAt, endedAt, steps }: BuildDetail, now: number): Scale {
  const first = Math.min(...steps.flatMap((step) => step.startedAt ?? []), endedAt ?? now);
  const from = Number.isFinite(first) ? first : startedAt;
  const last = Math.max(...steps.flatMap((step) => step.endedAt ?? []), endedAt === undefined ? now : from);
  return { from, span: Math.max(100, last - from) };
}

/** The steps by their stages, each with its place in time; arrows move. */
export function StepList({ build, now, chosen, choose }: StepListProps) {
  const { t } = useTranslation();
  const list = useRef<HTMLDivElement>(null);
  const { steps } = build;
  const scale = scaleOf(build, now);
  const press = (event: KeyboardEvent) => {
    const at = steps.findIndex(({ number }) => number === chosen);
    const by = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, Home: -steps.length, End: steps.length }[event.key];
    const next = by === undefined ? undefined : steps[Math.max(0, Math.min(steps.length - 1, at + by))];
    if (!next) return;
    event.preventDefault();
    choose(next.number);
    list.current?.querySelector(`#build-step-${next.number}`)?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <>
      <Axis span={scale.span} />
      <div
        ref={list}
        role="listbox"
        aria-label={t('builds.steps')}
        tabIndex={0}
        aria-activedescendant={chosen === undefined ? undefined : `build-step-${chosen}`}
        onKeyDown={press}
        className="min-h-24 flex-1 overflow-y-auto pb-2 outline-none focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-(--focus-color)"
      >
        {stageGroups(steps).map((stage) => (
          <Stage key={stage.key} {...{ stage, scale, now, chosen, choose }} />
        ))}
      </div>
    </>
  );
}

function Axis({ span }: { span: number }) {
  const { t } = useTranslation();
  return (
    <div aria-hidden className="build-grid h-6 flex-none border-line-1 border-b px-4 text-caption text-fg-3">
      <span />
      <span />
      <span className="relative h-4">
        {axisTicks(span).map((tick) => (
          <span
            key={tick}
            className={cx('absolute whitespace-nowrap tabular-nums', tick > 0 && '-translate-x-1/2')}
            style={{ left: `${(tick / span) * 100}%` }}
          >
            {tick === 0 ? '0' : t('time.seconds', { n: tick / 1000 })}
          </span>
        ))}
      </span>
      <span />
    </div>
  );
}

interface StageProps extends Omit<StepListProps, 'build'> {
  stage: StageGroup;
  scale: Scale;
}

function Stage({ stage, ...rest }: StageProps) {
  const { t } = useTranslation();
  return (
    // biome-ignore lint/a11y/useSemanticElements: options of a list box
    <div role="group" aria-label={stageName(stage)}>
      <div aria-hidden className="flex h-6 items-center gap-2 pl-10.5 text-small">
        <span className="font-medium">{stageName(stage)}</span>
        <span className="text-fg-3">{t('builds.stageFrom', { base: stage.base })}</span>
      </div>
      {stage.steps.map((step) => (
        <StepRow key={step.number} step={step} {...rest} />
      ))}
    </div>
  );
}

const laneLook = ({ state, cached }: BuildStep): string => {
  if (state === 'running') return 'bg-accent-mark';
  if (state === 'failed') return 'bg-error-solid';
  return cached ? 'border border-line-3' : 'bg-(--spark)';
};

function StepRow({ step, scale, now, chosen, choose }: Omit<StageProps, 'stage'> & { step: BuildStep }) {
  const { number, words, startedAt, state } = step;
  const { word, rest } = instructionOf(words);
  const took = tookOf(step, now);
  const isChosen = number === chosen;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the focus and takes the keys
    <div
      id={`build-step-${number}`}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      className={cx('build-grid h-6 px-4', isChosen ? 'bg-fill-selected' : 'hover:bg-fill-hover')}
      onClick={() => choose(number)}
    >
      <StepGlyph step={step} />
      <code
        className={cx(
          'mono min-w-0 overflow-hidden text-ellipsis whitespace-nowrap pl-2 text-code',
          state === 'waiting' && 'text-fg-3',
        )}
        title={words}
      >
        <span className="text-accent-text">{word}</span>
        {rest}
      </code>
      <span className="relative h-2">
        {startedAt !== undefined && took !== undefined && (
          <span
            className={cx('absolute h-2 min-w-1 rounded-1', laneLook(step))}
            style={{
              left: `${Math.min(99, ((startedAt - scale.from) / scale.span) * 100)}%`,
              width: `${(took / scale.span) * 100}%`,
            }}
          />
        )}
      </span>
      <span className={cx('text-right text-small tabular-nums', state === 'failed' ? 'text-error-text' : 'text-fg-2')}>
        {took === undefined ? '–' : tookText(took)}
      </span>
    </div>
  );
}
