import { Check, Dot, Zap } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cx } from '../../ui/class-names.ts';
import { StatusGlyph } from '../../ui/status-glyph.tsx';

/** What the signs and the colours of the graph mean. */
export function GraphLegend() {
  const { t } = useTranslation();
  const entries = [
    ['builds.legend.waiting', <Dot key="sign" size={16} className="text-fg-4" />],
    [
      'builds.legend.running',
      <span key="sign" className="[&_.spin]:animate-none">
        <StatusGlyph shape="arc" />
      </span>,
    ],
    ['builds.legend.cached', <Zap key="sign" size={16} className="p-px text-fg-3" />],
    ['builds.legend.ran', <Check key="sign" size={16} className="text-running-text" />],
    ['builds.legend.failed', <StatusGlyph key="sign" shape="cross" />],
  ] as const;
  return (
    <span aria-hidden className="flex min-w-0 items-center gap-3 overflow-hidden text-caption text-fg-3">
      {entries.map(([key, sign]) => (
        <span key={key} className="flex items-center gap-1">
          {sign}
          {t(key)}
        </span>
      ))}
    </span>
  );
}

const lanes = [
  ['builds.legend.cached', 'border border-line-3'],
  ['builds.legend.ran', 'bg-(--spark)'],
  ['builds.legend.running', 'bg-accent-mark'],
  ['builds.legend.failed', 'bg-error-solid'],
] as const;

/** What the bars of the list mean. */
export function LaneLegend() {
  const { t } = useTranslation();
  return (
    <span aria-hidden className="flex min-w-0 items-center gap-3 overflow-hidden text-caption text-fg-3">
      {lanes.map(([key, look]) => (
        <span key={key} className="flex items-center gap-1.5 whitespace-nowrap">
          <span className={cx('h-2 w-4 rounded-1', look)} />
          {t(key)}
        </span>
      ))}
    </span>
  );
}
