import i18next from 'i18next';
import { Check } from 'lucide-react';
import type { Build } from '../../electron/bridge/builds.ts';
import { StatusGlyph } from '../ui/status-glyph.tsx';
import { failureText } from './failure-text.ts';

const words = {
  running: 'builds.state.running',
  done: 'builds.state.done',
  failed: 'builds.state.failed',
  cancelled: 'builds.state.cancelled',
  lost: 'builds.state.lost',
} as const satisfies Record<Build['state'], string>;

export const buildStateText = (state: Build['state']): string => i18next.t(words[state]);

/** A ring that closes as the steps are done. */
function PartRing({ part, label }: { part: number; label: string }) {
  const circle = { cx: 8, cy: 8, r: 6, fill: 'none', strokeWidth: 2 };
  return (
    <svg className="block size-4 flex-none" viewBox="0 0 16 16" role="img" aria-label={label}>
      <circle {...circle} className="stroke-line-2" />
      <circle
        {...circle}
        className="stroke-accent-mark"
        pathLength={1}
        strokeDasharray={`${part} 1`}
        strokeLinecap="round"
        transform="rotate(-90 8 8)"
      />
    </svg>
  );
}

/** How a build stands; while it runs, how many of its steps are done. */
export function BuildGlyph({ build: { state, current, total } }: { build: Build }) {
  const label = buildStateText(state);
  switch (state) {
    case 'running':
      // until the steps are known, and in the first of them, there is nothing to measure by
      if (current < 2) return <StatusGlyph shape="arc" label={label} />;
      return <PartRing part={(current - 1) / total} label={label} />;
    case 'failed':
      return <StatusGlyph shape="cross" label={label} />;
    case 'lost':
      return <StatusGlyph shape="triangle" label={label} />;
    case 'cancelled':
      return <StatusGlyph shape="ring" label={label} />;
    case 'done':
      return <Check size={16} role="img" aria-label={label} className="flex-none text-running-text" />;
  }
}

/** How far it is, or what came of it, in a few words. */
export function resultText({ state, current, total, error }: Build): string {
  if (state === 'failed' && error) {
    const { line, code } = error.params;
    const isExit = error.reason === 'build.step-failed' && line !== undefined && code !== undefined;
    return isExit ? i18next.t('builds.exit', { line, code }) : failureText(error);
  }
  if (state !== 'running') return buildStateText(state);
  if (total === 0) return i18next.t('builds.sending');
  return i18next.t('builds.stepOf', { step: current, total });
}

/** Minutes and seconds; below ten seconds with a digit behind the point: `1:42`, `0:18`, `3.4 s`. */
export function tookText(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 10) return i18next.t('time.seconds', { n: seconds.toFixed(1) });
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** Percent of the steps that were there from before; undefined until one has ended. */
export function cachePercent({ made, cached }: Build): number | undefined {
  return made === 0 ? undefined : Math.round((cached / made) * 100);
}
