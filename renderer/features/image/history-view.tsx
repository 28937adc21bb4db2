import { useTranslation } from 'react-i18next';
import type { ImageDetail } from '../../../electron/bridge/images.ts';
import { momentText, sizeText } from '../../host/figures.ts';

/** How the image was made, newest first, each step in full. */
export function HistoryView({ detail }: { detail: ImageDetail }) {
  const { t } = useTranslation();
  const steps = [...detail.steps].reverse();
  return (
    <section
      aria-label={t('image.history')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
      tabIndex={0}
      className="min-h-0 flex-1 overflow-y-auto px-4 pb-3 outline-none focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-(--focus-color)"
    >
      {steps.length === 0 && <p className="py-3 text-fg-3">{t('image.noHistory')}</p>}
      <ol className="max-w-240 divide-y divide-line-1">
        {steps.map((step, index) => (
          // a step is known by its place
          <li key={`${index} ${step.command ?? ''}`} className="grid grid-cols-[150px_minmax(0,1fr)_72px] gap-x-4 py-2">
            <span className="text-small leading-5 tabular-nums text-fg-3">
              {step.createdAt && Date.parse(step.createdAt) >= Date.UTC(1981, 0) ? momentText(step.createdAt) : '–'}
            </span>
            <span className="min-w-0">
              <code className="mono selectable block whitespace-pre-wrap text-code leading-5 [overflow-wrap:anywhere]">
                {step.command ?? t('image.noCommand')}
              </code>
              {step.comment && <span className="text-small text-fg-4">{step.comment}</span>}
            </span>
            <span className="text-right text-small leading-5 tabular-nums text-fg-3">
              {step.size > 0 ? sizeText(step.size) : '–'}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
