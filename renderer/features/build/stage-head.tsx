import i18next from 'i18next';
import { tookText } from '../../host/build-state.tsx';
import { ProgressBar } from '../../ui/progress-bar.tsx';
import { type StageGroup, tookOf } from './stage-groups.ts';

export interface StageHeadProps {
  name: string;
  stage: StageGroup;
  now: number;
  /** Pixels. */
  height: number;
}

/** Where the work on a stage stands, and what it took: of its steps together, they may have waited in between. */
function stageTexts({ steps }: StageGroup, now: number) {
  const { t } = i18next;
  const made = steps.filter(({ makes }) => makes);
  const cached = steps.filter((step) => step.cached && step.makes).length;
  const ended = steps.filter(({ endedAt }) => endedAt !== undefined).length;
  const times = steps.flatMap((step) => tookOf(step, now) ?? []);
  const isRunning = steps.some(({ state }) => state === 'running');
  const all = t('builds.graph.steps', { count: steps.length });
  if (times.length === 0) return { time: t('builds.graph.waits'), text: all };
  const time = tookText(times.reduce((sum, each) => sum + each, 0));
  const text = cached > 0 ? t('builds.graph.stepsCached', { count: steps.length, cached }) : all;
  if (isRunning) {
    const step = Math.min(steps.length, ended + 1);
    return { time, text: t('builds.stepOf', { step, total: steps.length }), part: ended / steps.length };
  }
  if (cached > 0 && cached === made.length) return { time: t('builds.legend.cached'), text: all };
  return { time, text };
}

/** Over the steps of a stage: its name, its time, how far it is. */
export function StageHead({ name, stage, now, height }: StageHeadProps) {
  const { time, text, part } = stageTexts(stage, now);
  return (
    <div aria-hidden className="flex flex-col" style={{ height }}>
      <span className="flex items-baseline gap-2 whitespace-nowrap">
        <span className="min-w-0 flex-1 overflow-hidden text-ellipsis font-medium" title={name}>
          {name}
        </span>
        <span className="flex-none text-caption text-fg-4 tabular-nums">{time}</span>
      </span>
      <span className="flex items-center gap-2 text-caption text-fg-4 tabular-nums">
        {text}
        {part !== undefined && (
          <span className="flex-1">
            <ProgressBar label={name} value={part} />
          </span>
        )}
      </span>
    </div>
  );
}
