import { Check, Dot, Zap } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { BuildStep } from '../../../electron/bridge/builds.ts';
import { StatusGlyph } from '../../ui/status-glyph.tsx';

/** How a step is, by shape and colour. */
export function StepGlyph({ step: { state, cached } }: { step: Pick<BuildStep, 'state' | 'cached'> }) {
  const { t } = useTranslation();
  if (state === 'waiting')
    return <Dot size={16} role="img" aria-label={t('builds.step.waiting')} className="text-fg-4" />;
  if (state === 'running') return <StatusGlyph shape="arc" label={t('builds.step.running')} />;
  if (state === 'failed') return <StatusGlyph shape="cross" label={t('builds.step.failed')} />;
  if (state === 'cancelled') return <StatusGlyph shape="ring" label={t('builds.step.cancelled')} />;
  if (cached) return <Zap size={16} role="img" aria-label={t('builds.step.cached')} className="p-px text-fg-3" />;
  return <Check size={16} role="img" aria-label={t('builds.step.done')} className="text-running-text" />;
}
