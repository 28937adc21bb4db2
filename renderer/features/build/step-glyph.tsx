import i18next from 'i18next';
import { Check, Dot, Zap } from 'lucide-react';
import type { BuildStep } from '../../../electron/bridge/builds.ts';
import { StatusGlyph } from '../../ui/status-glyph.tsx';

const words = {
  waiting: 'builds.step.waiting',
  running: 'builds.step.running',
  done: 'builds.step.done',
  failed: 'builds.step.failed',
  cancelled: 'builds.step.cancelled',
  cached: 'builds.step.cached',
} as const satisfies Record<BuildStep['state'] | 'cached', string>;

/** How a step stands, in a word; what came from the cache says so. */
export function stepStateText({ state, cached }: BuildStep): string {
  return i18next.t(words[state === 'done' && cached ? 'cached' : state]);
}

/** The sign of it: no two states have the same shape. */
export function StepGlyph({ step }: { step: BuildStep }) {
  const { state, cached } = step;
  const label = stepStateText(step);
  if (state === 'waiting') return <Dot size={16} role="img" aria-label={label} className="flex-none text-fg-4" />;
  if (state === 'running') return <StatusGlyph shape="arc" label={label} />;
  if (state === 'failed') return <StatusGlyph shape="cross" label={label} />;
  if (state === 'cancelled') return <StatusGlyph shape="ring" label={label} />;
  if (cached) return <Zap size={16} role="img" aria-label={label} className="flex-none p-px text-fg-3" />;
  return <Check size={16} role="img" aria-label={label} className="flex-none text-running-text" />;
}
