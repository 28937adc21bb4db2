import { Copy } from 'lucide-react';
import { type KeyboardEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImageDetail, ImageStep } from '../../../electron/bridge/images.ts';
import { momentText, shortId, sizeText } from '../../host/figures.ts';
import { useHost } from '../../host/host-store.ts';
import { imagePath } from '../../host/image-menu.ts';
import { noticeDone } from '../../host/notices.ts';
import { IconButton } from '../../ui/button.tsx';
import { cx } from '../../ui/class-names.ts';

/** The steps of an image from the bottom up: what each added, and which other images have it as well. */
export function LayerView({ detail }: { detail: ImageDetail }) {
  const { t } = useTranslation();
  const { steps } = detail;
  const [at, setAt] = useState(() => steps.findIndex(({ layer }) => layer !== undefined));
  const list = useRef<HTMLDivElement>(null);
  const largest = Math.max(1, ...steps.map(({ size }) => size));
  const press = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, Home: -steps.length, End: steps.length }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(steps.length - 1, at + by));
    setAt(next);
    list.current?.querySelector(`#step-${next}`)?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <div className="flex min-h-0 flex-1">
      <div className="flex min-w-0 flex-1 flex-col">
        <div aria-hidden className="step-grid mt-2 h-7 pr-4 pl-4 text-caption text-fg-4">
          <span className="text-right">#</span>
          <span className="list-head text-right">{t('images.column.size')}</span>
          <span className="step-bar" />
          <span className="list-head">{t('image.instruction')}</span>
          <span className="list-head text-right">{t('image.sharedWith')}</span>
        </div>
        <div
          ref={list}
          role="listbox"
          aria-label={t('image.layers')}
          tabIndex={0}
          aria-activedescendant={at >= 0 ? `step-${at}` : undefined}
          onKeyDown={press}
          className="min-h-0 flex-1 overflow-y-auto px-2 pb-2 outline-none focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-(--focus-color)"
        >
          {steps.map((step, index) => (
            <StepRow
              // a step is known by its place
              key={`${index} ${step.layer?.diffId ?? ''}`}
              {...{ step, index, largest }}
              chosen={index === at}
              choose={() => setAt(index)}
            />
          ))}
        </div>
      </div>
      <StepPanel step={steps[at]} number={at + 1} />
    </div>
  );
}

interface StepRowProps {
  step: ImageStep;
  index: number;
  /** Bytes of the largest step. */
  largest: number;
  chosen: boolean;
  choose: () => void;
}

function StepRow({ step, index, largest, chosen, choose }: StepRowProps) {
  const { t } = useTranslation();
  const [, word = '', rest = ''] = /^([A-Z]+)\b(.*)$/s.exec(step.command ?? '') ?? ['', '', step.command ?? ''];
  const shared = step.layer?.sharedWith.length ?? 0;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the focus and takes the keys
    <div
      id={`step-${index}`}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      className={cx('step-grid h-7 rounded-2 px-2', chosen ? 'bg-accent-subtle' : 'hover:bg-fill-hover')}
      onClick={choose}
    >
      <span className="text-right text-small tabular-nums text-fg-4">{index + 1}</span>
      <span className="text-right text-small tabular-nums text-fg-3">{step.size > 0 ? sizeText(step.size) : '–'}</span>
      <span className="step-bar h-1.5">
        {step.size > 0 && (
          <span
            className="block h-1.5 min-w-0.5 rounded-full bg-(--spark)"
            style={{ width: `${(step.size / largest) * 100}%` }}
          />
        )}
      </span>
      <code
        className={cx(
          'mono overflow-hidden text-ellipsis whitespace-nowrap text-code',
          step.layer ? 'text-fg-1' : 'text-fg-4',
        )}
      >
        {step.command === undefined ? (
          t('image.noCommand')
        ) : (
          <>
            <span className="text-accent-text">{word}</span>
            {rest}
          </>
        )}
      </code>
      <span className="text-right text-small tabular-nums text-fg-3">
        {shared > 0 ? t('image.images', { count: shared }) : ''}
      </span>
    </div>
  );
}

function StepPanel({ step, number }: { step: ImageStep | undefined; number: number }) {
  const { t } = useTranslation();
  const images = useHost((state) => state.images);
  const copy = (text: string) => void navigator.clipboard.writeText(text).then(() => noticeDone(t('app.copied')));
  return (
    <aside
      aria-label={t('image.step')}
      className="flex w-76 flex-none flex-col overflow-y-auto border-line-1 border-l px-4 py-3 max-[1000px]:w-60"
    >
      {!step ? (
        <p className="text-small text-fg-4">{t('image.choose')}</p>
      ) : (
        <>
          <div className="flex h-6 items-center">
            <h2 className="flex-1 font-semibold">{t(step.layer ? 'image.layer' : 'image.noLayer', { number })}</h2>
            {step.command && (
              <IconButton small icon={Copy} label={t('image.copyCommand')} onClick={() => copy(step.command ?? '')} />
            )}
          </div>
          {step.command && (
            <pre className="mono selectable mt-1 max-h-48 flex-none overflow-auto whitespace-pre-wrap text-code text-fg-2 [overflow-wrap:anywhere]">
              {step.command}
            </pre>
          )}
          <dl className="mt-3 grid grid-cols-[88px_minmax(0,1fr)] gap-x-3 gap-y-2 text-small">
            {step.layer && (
              <>
                <dt className="text-fg-4">{t('image.diffId')}</dt>
                <dd className="flex items-center gap-1">
                  <code className="mono selectable min-w-0 flex-1 overflow-hidden text-ellipsis whitespace-nowrap text-caption">
                    {step.layer.diffId}
                  </code>
                  <IconButton
                    small
                    icon={Copy}
                    className="-my-1"
                    label={t('image.copyDigest')}
                    onClick={() => copy(step.layer?.diffId ?? '')}
                  />
                </dd>
              </>
            )}
            <dt className="text-fg-4">{t('images.column.size')}</dt>
            <dd className="tabular-nums">{sizeText(step.size)}</dd>
            {step.createdAt && (
              <>
                <dt className="text-fg-4">{t('images.column.created')}</dt>
                <dd className="tabular-nums">{momentText(step.createdAt)}</dd>
              </>
            )}
            {step.comment && (
              <>
                <dt className="text-fg-4">{t('image.comment')}</dt>
                <dd className="selectable [overflow-wrap:anywhere]">{step.comment}</dd>
              </>
            )}
            {step.layer && step.layer.sharedWith.length > 0 && (
              <>
                <dt className="text-fg-4">{t('image.sharedWith')}</dt>
                <dd>
                  <ul>
                    {step.layer.sharedWith.map((id) => (
                      <li key={id} className="overflow-hidden text-ellipsis whitespace-nowrap">
                        <a className="text-link hover:underline" href={`#${imagePath(id)}`}>
                          {images[id]?.references[0] ?? shortId(id)}
                        </a>
                      </li>
                    ))}
                  </ul>
                </dd>
              </>
            )}
          </dl>
        </>
      )}
    </aside>
  );
}
