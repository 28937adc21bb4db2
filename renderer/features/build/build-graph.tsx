import i18next from 'i18next';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { BuildStep } from '../../../electron/bridge/builds.ts';
import { tookText } from '../../host/build-state.tsx';
import { cx } from '../../ui/class-names.ts';
import {
  nodeWidth,
  type StageEdge,
  type StageNode,
  type StageState,
  stageGraph,
  stageState,
  stageTook,
} from './stage-graph.ts';
import { instructionOf } from './stage-groups.ts';
import { StepGlyph } from './step-glyph.tsx';
import type { StepListProps } from './step-list.tsx';
import { useStepKeys } from './use-step-keys.ts';

/** The stages as boxes with their steps, joined to those that they need; arrows move. */
export function BuildGraph({ build, now, chosen, choose }: StepListProps) {
  const { t } = useTranslation();
  const list = useRef<HTMLDivElement>(null);
  const { steps, platform = '' } = build;
  const press = useStepKeys({ steps, chosen, choose, list });
  const { nodes, edges, platforms, width, height } = stageGraph(
    steps,
    platform.includes(',') ? platform.split(',') : [],
  );
  const states = new Map(nodes.map(({ group }) => [group.key, stageState(group)]));
  return (
    <div
      ref={list}
      role="listbox"
      aria-label={t('builds.steps')}
      tabIndex={0}
      aria-activedescendant={chosen === undefined ? undefined : `build-step-${chosen}`}
      onKeyDown={press}
      className="min-h-24 flex-1 overflow-auto p-4 outline-none focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-(--focus-color)"
    >
      <div className="relative" style={{ width, height }}>
        <Edges {...{ edges, states, width, height }} />
        {platforms.map(({ name, y }) => (
          <div key={name} aria-hidden className="absolute left-0 font-semibold" style={{ top: y }}>
            {name}
          </div>
        ))}
        {nodes.map((node) => (
          <Box
            key={node.group.key}
            {...{ node, now, chosen, choose }}
            state={states.get(node.group.key) ?? 'waiting'}
          />
        ))}
      </div>
    </div>
  );
}

interface EdgesProps {
  edges: readonly StageEdge[];
  states: ReadonlyMap<number, StageState>;
  width: number;
  height: number;
}

/** A line is dashed until there is something to take along it. */
function Edges({ edges, states, width, height }: EdgesProps) {
  const isThere = (key: number) => ['done', 'cached'].includes(states.get(key) ?? '');
  return (
    <svg aria-hidden width={width} height={height} className="absolute inset-0 fill-none text-fg-4" strokeWidth={1.5}>
      {edges.map(({ from, to, path }) => (
        <path
          key={`${from} ${to}`}
          d={path}
          stroke="currentColor"
          className={cx(states.get(to) === 'running' && isThere(from) && 'text-accent-mark')}
          strokeDasharray={isThere(from) ? undefined : '3 3'}
        />
      ))}
    </svg>
  );
}

const boxLooks: Record<StageState, string> = {
  waiting: 'border-dashed border-line-3 bg-surface-1',
  running: 'border-accent-mark bg-accent-subtle',
  failed: 'border-error-solid bg-error-subtle',
  cancelled: 'border-line-3 bg-surface-1',
  cached: 'border-transparent bg-surface-3',
  done: 'border-line-3 bg-surface-1',
};

interface BoxProps extends Omit<StepListProps, 'build'> {
  node: StageNode;
  state: StageState;
}

function Box({ node, state, now, chosen, choose }: BoxProps) {
  const { t } = useTranslation();
  const { group, x, y, height } = node;
  const from = t('builds.stageFrom', { base: group.base });
  const took = stageTook(group, now);
  return (
    // biome-ignore lint/a11y/useSemanticElements: options of a list box
    <div
      role="group"
      aria-label={group.name ?? from}
      className={cx('absolute overflow-hidden rounded-2 border-[1.5px]', boxLooks[state])}
      style={{ left: x, top: y, width: nodeWidth, height }}
    >
      <div aria-hidden className="flex h-7 items-center gap-2 px-2.5">
        <span className="min-w-0 flex-1 overflow-hidden text-ellipsis whitespace-nowrap font-semibold text-small">
          {group.name ?? from}
        </span>
        <span className="flex-none text-caption text-fg-3 tabular-nums">
          {took !== undefined && state !== 'cached' ? tookText(took) : stateWord(state)}
        </span>
      </div>
      {group.steps.map((step) => (
        <Step key={step.number} {...{ step, now, choose }} isChosen={step.number === chosen} />
      ))}
    </div>
  );
}

function stateWord(state: StageState): string {
  if (state === 'cached') return i18next.t('builds.legend.cached');
  return state === 'waiting' ? i18next.t('builds.graph.waits') : '';
}

interface StepProps {
  step: BuildStep;
  now: number;
  isChosen: boolean;
  choose: (step: number) => void;
}

function Step({ step, now, isChosen, choose }: StepProps) {
  const { number, words, startedAt, endedAt, cached, state } = step;
  const { word, rest } = instructionOf(words);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the focus and takes the keys
    <div
      id={`build-step-${number}`}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      title={words}
      className={cx(
        'flex h-5 items-center gap-1.5 pr-2.5 pl-2 text-caption',
        isChosen ? 'bg-fill-selected outline-1 -outline-offset-1 outline-line-3' : 'hover:bg-fill-hover',
      )}
      onClick={() => choose(number)}
    >
      <StepGlyph step={step} />
      <code className="mono min-w-0 flex-1 overflow-hidden text-ellipsis whitespace-nowrap">
        <span className="text-accent-text">{word}</span>
        <span className={state === 'waiting' ? 'text-fg-3' : undefined}>{rest}</span>
      </code>
      <span className={cx('flex-none tabular-nums', state === 'failed' ? 'text-error-text' : 'text-fg-3')}>
        {startedAt !== undefined && !cached && tookText((endedAt ?? now) - startedAt)}
      </span>
    </div>
  );
}
