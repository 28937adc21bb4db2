import { Check, Dot, Zap } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { StatusGlyph } from '../../ui/status-glyph.tsx';

/** What the signs and the colours of the graph mean. */
export function GraphLegend() {
  const { t } = useTranslation();
  const entries = [
    ['builds.legend.waiting', <Dot key="sign" size={16} className="text-fg-4" />],
    ['builds.legend.running', <StatusGlyph key="sign" shape="arc" />],
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
