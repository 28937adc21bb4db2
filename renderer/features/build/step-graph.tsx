import { type KeyboardEvent, type RefObject, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { BuildDetail, BuildStep } from '../../../electron/bridge/builds.ts';
import { tookText } from '../../host/build-state.tsx';
import { cx } from '../../ui/class-names.ts';
import { acrossFrom, graphEdges } from './graph-edges.ts';
import { type GraphLayout, HEAD, layoutGraph, NODE, type PlacedStage } from './graph-layout.ts';
import { instructionOf, stageGroups, stageName, tookOf } from './stage-groups.ts';
import { StageHead } from './stage-head.tsx';
import { StepGlyph, stepStateText } from './step-glyph.tsx';

export interface StepGraphProps {
  build: BuildDetail;
  now: number;
  chosen: number | undefined;
  choose: (step: number) => void;
}

/** How wide the box is that the graph lies in. */
function useWidth(box: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(640);
  useEffect(() => {
    if (!box.current) return;
    const look = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    look.observe(box.current);
    return () => look.disconnect();
  }, [box]);
  return width;
}

/** The stages as columns of their steps, with lines from what is needed to what needs it; arrows move along them. */
export function StepGraph({ build, now, chosen, choose }: StepGraphProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const { steps } = build;
  const { stages, edges, layout } = useMemo(() => {
    const groups = stageGroups(steps);
    const needs = graphEdges(groups);
    return { stages: groups, edges: needs, layout: layoutGraph(groups, needs, width) };
  }, [steps, width]);
  useEffect(() => {
    box.current?.querySelector(`#graph-step-${chosen}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [chosen]);
  const press = (event: KeyboardEvent) => {
    const at = steps.findIndex(({ number }) => number === chosen);
    const side = ({ ArrowLeft: 'needs', ArrowRight: 'needed' } as const)[event.key];
    const by = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, Home: -steps.length, End: steps.length }[event.key];
    if (by === undefined && !side) return;
    event.preventDefault();
    const across = side && chosen !== undefined ? acrossFrom(stages, edges, { number: chosen, side }) : undefined;
    const along = by === undefined ? undefined : steps[Math.max(0, Math.min(steps.length - 1, at + by))]?.number;
    const next = across ?? along;
    if (next !== undefined) choose(next);
  };
  return (
    <div
      ref={box}
      role="listbox"
      aria-label={t('builds.graph.label')}
      tabIndex={0}
      aria-activedescendant={chosen === undefined ? undefined : `graph-step-${chosen}`}
      onKeyDown={press}
      className="min-h-24 flex-1 overflow-auto outline-none focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-(--focus-color)"
    >
      <div role="none" className="relative" style={{ width: layout.width, height: layout.height }}>
        {layout.stages.map((placed) => (
          <StageColumn key={placed.stage.key} {...{ placed, layout, now, chosen, choose }} />
        ))}
        <Lines layout={layout} steps={steps} chosen={chosen} />
      </div>
    </div>
  );
}

interface LinesProps {
  layout: GraphLayout;
  steps: readonly BuildStep[];
  chosen: number | undefined;
}

const lineLook = (to: BuildStep | undefined, isNear: boolean): string => {
  if (to?.state === 'running') return 'stroke-accent-mark';
  if (isNear) return 'stroke-fg-3';
  return to?.state === 'waiting' ? 'stroke-line-3 [stroke-dasharray:3_3]' : 'stroke-line-3';
};

const dotLook = (to: BuildStep | undefined, isNear: boolean): string => {
  if (to?.state === 'running') return 'fill-accent-mark';
  return isNear ? 'fill-fg-3' : 'fill-(--spark)';
};

/** Those to what runs and of the chosen step lie above the others; a dot is where a line is needed. */
function Lines({ layout, steps, chosen }: LinesProps) {
  const byNumber = new Map(steps.map((step) => [step.number, step]));
  const isNear = ({ from, to }: { from: number; to: number }) => from === chosen || to === chosen;
  const weight = (edge: { from: number; to: number }) =>
    Number(isNear(edge)) + 2 * Number(byNumber.get(edge.to)?.state === 'running');
  const sorted = [...layout.lines].sort((a, b) => weight(a.edge) - weight(b.edge));
  return (
    <svg aria-hidden width={layout.width} height={layout.height} className="pointer-events-none absolute inset-0">
      {sorted.map(({ edge, d, end }) => {
        const { kind, from, to } = edge;
        const near = kind !== 'within' && isNear(edge);
        const step = byNumber.get(to);
        return (
          <g key={`${from}-${to}-${kind}`} data-edge={kind} data-from={from} data-to={to}>
            <path d={d} fill="none" strokeWidth={near ? 1.75 : 1.25} className={lineLook(step, near)} />
            {kind !== 'within' && <circle cx={end.x} cy={end.y} r={2.5} className={dotLook(step, near)} />}
          </g>
        );
      })}
    </svg>
  );
}

interface StageColumnProps extends Omit<StepGraphProps, 'build'> {
  placed: PlacedStage;
  layout: GraphLayout;
}

function StageColumn({ placed, layout, now, chosen, choose }: StageColumnProps) {
  const { stage, x, y, height } = placed;
  const name = stageName(stage);
  return (
    // biome-ignore lint/a11y/useSemanticElements: options of a list box
    <div
      role="group"
      aria-label={name}
      className="absolute"
      style={{ left: x, top: y, width: layout.nodeWidth, height }}
    >
      <StageHead name={name} stage={stage} now={now} height={HEAD} />
      {stage.steps.map((step) => {
        const needs = layout.lines.filter(({ edge }) => edge.to === step.number && edge.kind !== 'within');
        const top = (layout.nodes.get(step.number)?.y ?? y) - y;
        const needed = needs.map(({ edge }) => edge.from);
        return <StepNode key={step.number} {...{ step, top, now, needed, choose }} isChosen={step.number === chosen} />;
      })}
    </div>
  );
}

/** A state has its colour here, and its sign in the glyph. */
function nodeLook({ state, cached }: BuildStep): string {
  if (state === 'waiting') return 'border-line-3 border-dashed bg-surface-1 text-fg-3';
  if (state === 'running') return 'border-accent-mark bg-accent-subtle';
  if (state === 'failed') return 'border-error-solid bg-error-subtle';
  if (state === 'cancelled') return 'border-line-3 bg-surface-1 text-fg-3';
  return cached ? 'border-transparent bg-fill-active' : 'border-(--spark) bg-surface-1';
}

interface StepNodeProps {
  step: BuildStep;
  /** Pixels from the upper edge of its stage. */
  top: number;
  now: number;
  /** Numbers of the steps of other stages that it needs. */
  needed: readonly number[];
  isChosen: boolean;
  choose: (step: number) => void;
}

function StepNode({ step, top, now, needed, isChosen, choose }: StepNodeProps) {
  const { t } = useTranslation();
  const { number, words, state } = step;
  const { word, rest } = instructionOf(words);
  const took = tookOf(step, now);
  const instead = step.cached ? t('builds.legend.cached') : t('builds.legend.waiting');
  const time = took === undefined || step.cached ? instead : tookText(took);
  const spoken = [t('builds.graph.step', { number, words }), stepStateText(step)];
  if (took !== undefined && !step.cached) spoken.push(tookText(took));
  if (needed.length > 0) spoken.push(t('builds.graph.needs', { steps: needed.join(', '), count: needed.length }));
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the graph has the focus and takes the keys
    <div
      id={`graph-step-${number}`}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      aria-label={spoken.join(', ')}
      data-state={state === 'done' && step.cached ? 'cached' : state}
      title={words}
      className={cx(
        'absolute flex w-full scroll-mx-4 scroll-mt-14 scroll-mb-4 items-center gap-1.5 rounded-2 border pr-2 pl-1.5',
        nodeLook(step),
        isChosen && 'outline-2 outline-fg-2 outline-offset-1',
      )}
      style={{ top, height: NODE }}
      onClick={() => choose(number)}
    >
      <StepGlyph step={step} />
      <code className="mono min-w-0 flex-1 overflow-hidden text-ellipsis whitespace-nowrap text-caption">
        <span className={state === 'waiting' ? undefined : 'text-accent-text'}>{word}</span>
        {rest}
      </code>
      <span
        className={cx(
          'flex-none whitespace-nowrap text-caption tabular-nums',
          state === 'failed' ? 'text-error-text' : 'text-fg-3',
        )}
      >
        {time}
      </span>
    </div>
  );
}
