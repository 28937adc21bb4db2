import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Image } from '../../../electron/bridge/host.ts';
import type { ImageDetail } from '../../../electron/bridge/images.ts';

interface PartProps {
  title: string;
  children: ReactNode;
}

function Part({ title, children }: PartProps) {
  return (
    <>
      <dt className="leading-6 text-fg-3">{title}</dt>
      <dd className="min-w-0 leading-6">{children}</dd>
    </>
  );
}

/** A command line: its words apart. */
function Words({ words }: { words: readonly string[] }) {
  return (
    <span className="flex flex-wrap gap-1 py-1">
      {words.map((word, index) => (
        <code
          // a word is known by its place
          key={`${index} ${word}`}
          className="mono selectable max-w-full whitespace-pre-wrap rounded-1 bg-surface-3 px-1.25 text-caption leading-4 text-fg-2 [overflow-wrap:anywhere]"
        >
          {word}
        </code>
      ))}
    </span>
  );
}

function Pairs({ pairs }: { pairs: readonly (readonly [string, string])[] }) {
  return (
    <ul>
      {pairs.map(([name, value]) => (
        <li key={name} className="mono selectable text-code leading-6 [overflow-wrap:anywhere]">
          <span className="text-fg-2">{name}</span>
          <span className="text-fg-4">=</span>
          {value}
        </li>
      ))}
    </ul>
  );
}

const pairOf = (text: string) => {
  const at = text.indexOf('=');
  return at < 0 ? ([text, ''] as const) : ([text.slice(0, at), text.slice(at + 1)] as const);
};

function Codes({ texts }: { texts: readonly string[] }) {
  return (
    <ul>
      {texts.map((text) => (
        <li key={text} className="mono selectable text-code leading-6 [overflow-wrap:anywhere]">
          {text}
        </li>
      ))}
    </ul>
  );
}

/** What the image gives to its containers, and how it is called. */
export function ConfigView({ image, detail }: { image: Image; detail: ImageDetail }) {
  const { t } = useTranslation();
  const { config } = detail;
  const labels = Object.entries(config.labels);
  const none = <span className="text-fg-4">{t('image.none')}</span>;
  const words = (list: readonly string[]) => (list.length > 0 ? <Words words={list} /> : none);
  return (
    <section
      aria-label={t('image.config')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
      tabIndex={0}
      className="min-h-0 flex-1 overflow-y-auto px-4 py-3 outline-none focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-(--focus-color)"
    >
      <dl className="grid max-w-240 grid-cols-[136px_minmax(0,1fr)] gap-x-4 gap-y-2">
        <Part title={t('image.tags')}>{image.references.length > 0 ? <Codes texts={image.references} /> : none}</Part>
        <Part title={t('image.digests')}>{image.digests.length > 0 ? <Codes texts={image.digests} /> : none}</Part>
        <Part title={t('images.column.id')}>
          <Codes texts={[image.id]} />
        </Part>
        <Part title={t('image.entrypoint')}>{words(config.entrypoint)}</Part>
        <Part title={t('image.command')}>{words(config.command)}</Part>
        <Part title={t('image.environment')}>
          {config.environment.length > 0 ? <Pairs pairs={config.environment.map(pairOf)} /> : none}
        </Part>
        <Part title={t('image.ports')}>{config.ports.length > 0 ? <Codes texts={config.ports} /> : none}</Part>
        <Part title={t('image.volumes')}>{config.volumes.length > 0 ? <Codes texts={config.volumes} /> : none}</Part>
        <Part title={t('image.folder')}>
          <Codes texts={[config.folder || '/']} />
        </Part>
        <Part title={t('image.user')}>
          <Codes texts={[config.user || 'root']} />
        </Part>
        {config.stopSignal && (
          <Part title={t('image.stopSignal')}>
            <Codes texts={[config.stopSignal]} />
          </Part>
        )}
        {config.health && <Part title={t('image.health')}>{words(config.health)}</Part>}
        {config.shell.length > 0 && <Part title={t('image.shell')}>{words(config.shell)}</Part>}
        <Part title={t('image.labels')}>{labels.length > 0 ? <Pairs pairs={labels} /> : none}</Part>
        {detail.author && <Part title={t('image.author')}>{detail.author}</Part>}
        {detail.comment && <Part title={t('image.comment')}>{detail.comment}</Part>}
      </dl>
    </section>
  );
}
